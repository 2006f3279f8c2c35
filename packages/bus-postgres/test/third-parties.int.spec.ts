import { setTimeout as sleep } from 'node:timers/promises';
import { consume, type DeadLetter, maxBodyBytes, type Transport, truncatedBodyBytes } from '@emporium/bus';
import { aMessage, anEvent, anOrderedSubscription, aSubscription } from '@emporium/bus-testing';
import { createRegistry } from '@emporium/contracts';
import { hostileBytes } from '@emporium/hostile-inputs';
import { freshDatabase, serverFor } from '@emporium/servers';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPostgresTransport } from '../src/index.ts';

const server = await serverFor('postgres');

const silent = { info: () => {}, warn: () => {}, error: () => {} };

describe.skipIf(!server.available)(
  server.title('what third parties do to the tables of the postgres transport'),
  () => {
    let database: Awaited<ReturnType<typeof freshDatabase>>;
    let admin: pg.Client;
    const opened: Transport[] = [];

    beforeAll(async () => {
      database = await freshDatabase(server.url);
      admin = new pg.Client({ connectionString: database.url });
      await admin.connect();
    });

    afterAll(async () => {
      await admin?.end();
      await database?.drop();
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((transport) => transport.close()));
      await admin.query('drop schema if exists bus cascade');
    });

    const open = (log = silent): Transport => {
      const transport = createPostgresTransport({ url: database.url, timeoutMs: 2_000, log });
      opened.push(transport);
      return transport;
    };

    const until = (assertion: () => void | Promise<void>, timeout = 15_000) =>
      vi.waitFor(assertion, { timeout, interval: 20 });

    const unroutable = { status: 'refused', error: { code: 'bus.unroutable', settle: 'retry' } };

    /** A service with its pipeline, and its dead letters. */
    const started = async (ordered: boolean) => {
      const happened = anEvent();
      const subscription = ordered ? anOrderedSubscription(happened) : aSubscription(happened);
      const transport = open();
      const [unreadable, deadLetters]: [string[], DeadLetter[]] = [[], []];
      const consumer = await consume({
        transport,
        registry: createRegistry({ contracts: [happened], subscriptions: [subscription] }),
        subscription,
        handles: [happened],
        run: async () => {},
        onUnreadable: async ({ reason }) => void unreadable.push(reason.code),
        probe: async () => {},
        limits: { concurrency: 4 },
        log: silent,
      });
      await transport.consumeDeadLetters(async (letter) => void deadLetters.push(letter));
      const { rows } = await admin.query<{ id: number }>('select id from bus.subscription where name = $1', [
        subscription.name,
      ]);
      const insert = async (row: Record<string, unknown>): Promise<string> => {
        const columns = {
          subscription_id: rows[0]?.id,
          partition: 0,
          message_id: '',
          type: '',
          key: '',
          body: '',
          ...row,
        };
        const names = Object.keys(columns);
        const inserted = await admin.query<{ id: string }>(
          `insert into bus.message (${names}) values (${names.map((_, index) => `$${index + 1}`)}) returning id`,
          Object.values(columns),
        );
        return `bus.message/${inserted.rows[0]?.id}`;
      };
      return { subscription, transport, consumer, unreadable, deadLetters, insert };
    };

    test.each([false, true])(
      'a row that is not a message is dead-lettered once with its reason and position (ordered: %s)',
      async (ordered) => {
        const { deadLetters, unreadable, insert, subscription, consumer } = await started(ordered);
        const rows: Record<string, unknown>[] = [
          {},
          { attempt: 2_147_483_647 },
          { attempt: -2_147_483_648 },
          { visible_at: '-infinity' },
          { visible_at: '1970-01-01' },
          { letter: 'null' },
          { letter: '{"attempts":-1}' },
          { type: 'x'.repeat(100_000), key: 'y'.repeat(100_000), message_id: 'z'.repeat(100_000) },
          ...hostileBytes.map(({ value }) => ({ body: Buffer.from(value) })),
        ];
        const places: string[] = [];
        for (const row of rows) places.push(await insert(row));
        await until(() => expect(deadLetters.length).toBeGreaterThanOrEqual(rows.length), 30_000);
        expect(deadLetters.map(({ position }) => position).toSorted()).toEqual(places.toSorted());
        expect(new Set(deadLetters.map(({ id }) => id)).size).toBe(rows.length);
        expect(unreadable).toHaveLength(rows.length);
        for (const letter of deadLetters) expect(letter.subscription).toBe(subscription.name);
        expect(consumer.status()).toEqual({ state: 'working' });
      },
      60_000,
    );

    test.each([false, true])(
      'a body over the limit is dead-lettered with its size and its beginning (ordered: %s)',
      async (ordered) => {
        const { deadLetters, insert } = await started(ordered);
        const body = Buffer.alloc(5 * maxBodyBytes, 'x');
        const position = await insert({ body });
        await until(() => expect(deadLetters).toHaveLength(1));
        expect(deadLetters[0]).toMatchObject({
          truncatedFrom: body.byteLength,
          position,
          reason: { code: 'bus.message_too_big', message: expect.stringContaining(String(body.byteLength)) },
        });
        expect(deadLetters[0]?.body.byteLength).toBe(truncatedBodyBytes);
      },
    );

    test('a dead letter is consumed once, whatever it contains', async () => {
      const { deadLetters, insert } = await started(false);
      const odd = [
        null,
        'null',
        '[]',
        '"text"',
        '42',
        '{"attempts":1e400}',
        '{"attempts":2147483648,"failedAt":"-271821-04-20T00:00:00.000Z"}',
        '{"subscription":null,"code":{},"message":[]}',
        JSON.stringify({ message: 'x'.repeat(30_000), truncatedFrom: 'many' }),
      ].filter((text) => text === null || !text.includes('1e400'));
      for (const letter of odd) await insert({ subscription_id: 0, letter });
      await until(() => expect(deadLetters).toHaveLength(odd.length));
      for (const { attempts, failedAt, reason, subscription } of deadLetters) {
        expect(subscription).toBe('unknown');
        expect(attempts).toBeLessThanOrEqual(1_000);
        expect(failedAt).toMatch(/^20\d\d-/);
        expect(reason.message.length).toBeLessThanOrEqual(500);
      }
    });

    test('a message that is never due costs nothing', async () => {
      const happened = anEvent();
      const [unordered, ordered] = [aSubscription(happened), anOrderedSubscription(happened)];
      const transport = open();
      for (const subscription of [unordered, ordered]) {
        await transport.subscribe(subscription, (one) => one.ack(), { concurrency: 1 });
      }
      await admin.query(
        `insert into bus.message (subscription_id, partition, visible_at, message_id, type, key, body)
          select id, 0, 'infinity', '', '', '', '' from bus.subscription where id <> 0`,
      );
      await sleep(1_500);
      const busy = async () => {
        const { rows } = await admin.query<{ calls: number }>(
          'select sum(xact_commit)::int as calls from pg_stat_database where datname = current_database()',
        );
        return rows[0]?.calls ?? 0;
      };
      const before = await busy();
      await sleep(2_500);
      expect((await busy()) - before).toBeLessThan(150);
    });

    test('garbage on the notification channels is ignored', async () => {
      const { subscription, deadLetters, insert, consumer } = await started(true);
      const { rows } = await admin.query<{ id: number }>('select id from bus.subscription where name = $1', [
        subscription.name,
      ]);
      for (const payload of ['changed', 'chang', '{}', '\n', 'x'.repeat(7_000), ' ']) {
        await admin.query('select pg_notify($1, $2)', [`bus_${rows[0]?.id}`, payload]);
      }
      await insert({});
      await until(() => expect(deadLetters).toHaveLength(1));
      expect(consumer.status()).toEqual({ state: 'working' });
    });

    test('a consumer that has stopped listens to no channel', async () => {
      const happened = anEvent();
      const subscription = aSubscription(happened);
      const transport = open();
      const consumers = [
        await transport.subscribe(subscription, (one) => one.ack(), { concurrency: 1 }),
        await transport.subscribe(subscription, (one) => one.ack(), { concurrency: 1 }),
      ];
      const last = async () => {
        const { rows } = await admin.query<{ query: string }>(
          `select query from pg_stat_activity where application_name like '% session' and query ilike '%listen%'`,
        );
        return rows.map(({ query }) => query.split(' ')[0]);
      };
      await consumers[0]?.stop();
      expect(await last()).not.toContain('unlisten');
      const stopped = vi.waitFor(async () => expect(await last()).toContain('unlisten'), {
        timeout: 900,
        interval: 1,
      });
      await Promise.all([consumers[1]?.stop(), stopped]);
    });

    test.each<[string, string]>([
      ['the schema', 'drop schema bus cascade'],
      ['the tables', 'drop table bus.message, bus.binding, bus.subscription cascade'],
      ['the function that locks messages', 'drop function bus.claim'],
      ['the table of messages', 'drop table bus.message cascade'],
      ['the rows of the tables', 'truncate bus.subscription, bus.binding, bus.message'],
      [
        'the rows of the tables, and the counters',
        'truncate bus.subscription, bus.binding, bus.message restart identity',
      ],
      ['the bindings', 'truncate bus.binding'],
      ['the table of removed bindings', 'drop table bus.removed_binding'],
      ['the subscriptions', 'delete from bus.subscription'],
    ])(
      '%s: idle consumers declare them again, and no mandatory event is lost meanwhile',
      async (_, statement) => {
        const happened = anEvent();
        // Others come first: the ids are given to subscriptions in another order after a reset.
        const [unordered, ordered] = [aSubscription(happened), anOrderedSubscription(happened)];
        const delivered = new Map([unordered, ordered].map(({ name }) => [name, new Set<string>()]));
        const strange: string[] = [];
        const consuming = open();
        for (const subscription of [unordered, ordered]) {
          await consuming.subscribe(
            subscription,
            async (delivery) => {
              if (delivery.type !== happened.type) strange.push(delivery.type);
              delivered.get(subscription.name)?.add(delivery.id);
              await delivery.ack();
            },
            { concurrency: 4 },
          );
        }
        const deadLetters: string[] = [];
        await consuming.consumeDeadLetters(async ({ id }) => void deadLetters.push(id));
        const publishing = open();
        const accepted: string[] = [];
        const publish = async (): Promise<boolean> => {
          const message = { ...aMessage(happened), mandatory: true };
          const [result] = await publishing.publish([message]);
          if (result?.status === 'accepted') accepted.push(message.id);
          return result?.status === 'accepted';
        };
        expect(await publish()).toBe(true);
        await until(() => expect([...delivered.values()].map(({ size }) => size)).toEqual([1, 1]));

        await admin.query(statement);
        // Another service is first, and gets the id that was this one's.
        const [other, otherEvent] = [open(), anEvent()];
        const others: string[] = [];
        await other.subscribe(
          aSubscription(otherEvent),
          async (delivery) => {
            others.push(delivery.id);
            await delivery.ack();
          },
          { concurrency: 1 },
        );
        await other.publish(Array.from({ length: 20 }, () => aMessage(otherEvent)));

        await until(async () => expect(await publish()).toBe(true));
        for (let index = 0; index < 20; index += 1) await publish();
        await until(() => {
          for (const ids of delivered.values()) expect(accepted.filter((id) => !ids.has(id))).toEqual([]);
        });
        await until(() => expect(others).toHaveLength(20));
        expect(strange).toEqual([]);
        const rejecting = await other.subscribe(
          aSubscription(otherEvent),
          (one) => one.deadLetter({ code: 'test.broken', message: 'broken \ud800' }),
          { concurrency: 1 },
        );
        await other.publish([aMessage(otherEvent, { id: 'dead' })]);
        await until(() => expect(deadLetters).toContain('dead'));
        await rejecting.stop();
      },
      60_000,
    );

    test('while only one of two subscriptions is back, no mandatory event is accepted', async () => {
      const happened = anEvent();
      const [here, away] = [aSubscription(happened), aSubscription(happened)];
      const registry = createRegistry({ contracts: [happened], subscriptions: [here, away] });
      const transport = open();
      await transport.topology(registry).apply();
      const event = () => ({ ...aMessage(happened), mandatory: true });
      expect(await transport.publish([event()])).toEqual([{ status: 'accepted' }]);
      await admin.query('drop schema bus cascade');
      await transport.topology(createRegistry({ contracts: [happened], subscriptions: [here] })).apply();
      expect(await transport.publish([event(), aMessage(happened)])).toMatchObject([
        unroutable,
        { status: 'accepted' },
      ]);
      await transport.topology(registry).apply();
      expect(await transport.publish([event()])).toEqual([{ status: 'accepted' }]);
    });

    test('a delivery in progress when the tables are emptied deletes no message that was stored later', async () => {
      const happened = anEvent();
      const subscription = aSubscription(happened);
      const transport = open();
      const gate = Promise.withResolvers<void>();
      const delivered: string[] = [];
      await transport.subscribe(
        subscription,
        async (delivery) => {
          delivered.push(delivery.id);
          if (delivery.id === 'before') await gate.promise;
          await delivery.ack();
        },
        { concurrency: 1 },
      );
      await transport.publish([aMessage(happened, { id: 'before' })]);
      await until(() => expect(delivered).toEqual(['before']));
      await admin.query('truncate bus.message restart identity');
      await transport.publish([aMessage(happened, { id: 'after' })]);
      gate.resolve();
      await until(() => expect(delivered).toEqual(['before', 'after']));
    });

    test('the schema of the release before is migrated with its messages, and new ids are greater than all before', async () => {
      const happened = anEvent();
      const subscription = aSubscription(happened);
      await open()
        .topology(createRegistry({ contracts: [happened], subscriptions: [subscription] }))
        .apply();
      await admin.query(`
        alter table bus.message alter column id drop default, alter column id add generated always as identity;
        drop sequence bus.message_id;
        drop table bus.removed_binding;
        comment on schema bus is 'emporium bus, version 1'`);
      const asOlderRelease = (id: string) =>
        admin.query<{ id: string }>(
          `insert into bus.message (subscription_id, partition, message_id, type, key, body)
           select id, 0, $1, $2, 'k', '{}' from bus.subscription where name = $3 returning id`,
          [id, happened.type, subscription.name],
        );
      expect((await asOlderRelease('before')).rows).toEqual([{ id: '1' }]);

      const delivered: string[] = [];
      await open().subscribe(
        subscription,
        async (delivery) => {
          delivered.push(delivery.id);
          await delivery.ack();
        },
        { concurrency: 1 },
      );
      await until(() => expect(delivered).toEqual(['before']));
      const [written] = (await asOlderRelease('beside')).rows;
      expect(Number(written?.id)).toBeGreaterThan((Date.now() - 60_000) * 1_000);
      await until(() => expect(delivered).toEqual(['before', 'beside']));
    });

    test('a database that accepts no writes counts as away until it does', async () => {
      const happened = anEvent();
      const transport = open();
      const delivered: string[] = [];
      await transport.subscribe(
        aSubscription(happened),
        async (delivery) => {
          delivered.push(delivery.id);
          await delivery.ack();
        },
        { concurrency: 1 },
      );
      await admin.query(
        `alter database ${new URL(database.url).pathname.slice(1)} set default_transaction_read_only = on`,
      );
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      try {
        await until(async () =>
          expect(await transport.publish([aMessage(happened, { id: 'during' })])).toMatchObject([
            { status: 'refused', error: { code: 'bus.broker_away', settle: 'pause' } },
          ]),
        );
      } finally {
        await admin.query('set default_transaction_read_only = off');
        await admin.query(
          `alter database ${new URL(database.url).pathname.slice(1)} reset default_transaction_read_only`,
        );
      }
      await until(async () =>
        expect(await transport.publish([aMessage(happened, { id: 'after' })])).toEqual([
          { status: 'accepted' },
        ]),
      );
      await until(() => expect(delivered).toContain('after'));
    }, 40_000);
  },
);
