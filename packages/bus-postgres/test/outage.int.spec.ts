import { setTimeout as sleep } from 'node:timers/promises';
import { aMessage, anEvent, aSubscription } from '@emporium/bus-testing';
import { canStart, type PostgresServer, startPostgres } from '@emporium/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPostgresTransport } from '../src/index.ts';

const { available, title } = await canStart('postgres');

describe.skipIf(!available)(title('the postgres transport without its server'), () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(() => server?.stop());

  test('a subscription and a publish wait for a server that is down, and each happens once', async () => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    const transport = createPostgresTransport({ url: server.adminUrl });
    let [handled, unsettled, most] = [0, 0, 0];
    await server.stopServer();
    const published = transport.publish(Array.from({ length: 10 }, () => aMessage(happened)));
    const subscribed = transport.subscribe(
      subscription,
      async (delivery) => {
        unsettled += 1;
        most = Math.max(most, unsettled);
        await sleep(20);
        unsettled -= 1;
        handled += 1;
        await delivery.ack();
      },
      { concurrency: 1 },
    );
    await sleep(500);

    await server.startServer();
    await subscribed;
    expect((await published).every(({ status }) => status === 'accepted')).toBe(true);
    await transport.publish(Array.from({ length: 10 }, () => aMessage(happened)));

    // The first ten found no subscription if they were stored before it was.
    await vi.waitFor(() => expect(handled).toBeGreaterThanOrEqual(10), 10_000);
    await transport.close();
    expect(most).toBe(1);
  });

  test('a consumer that fails to start at first is started once', async () => {
    const url = await server.createDatabase('limited', { name: 'limited', password: 'limited' });
    const admin = new pg.Client({ connectionString: server.url('limited') });
    await admin.connect();
    const happened = anEvent();
    const transport = createPostgresTransport({ url });
    await transport.publish([aMessage(happened)]);
    await vi.waitFor(() => expect(transport.status()).toEqual({ state: 'up' }));
    // The connection for publishing is there, and the server takes no other.
    await admin.query('alter role limited connection limit 1');
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '% session'",
    );
    let [unsettled, most, handled] = [0, 0, 0];
    const subscribed = transport.subscribe(
      aSubscription(happened),
      async (delivery) => {
        unsettled += 1;
        most = Math.max(most, unsettled);
        await sleep(20);
        unsettled -= 1;
        handled += 1;
        await delivery.ack();
      },
      { concurrency: 1 },
    );
    await sleep(1_000);

    await admin.query('alter role limited connection limit 10');
    await subscribed;
    await transport.publish(Array.from({ length: 20 }, () => aMessage(happened)));

    await vi.waitFor(() => expect(handled).toBe(20), 10_000);
    expect(most).toBe(1);
    await transport.close();
    await admin.end();
  });

  test('without a server a subscription is refused after the timeout, and the transport still closes', async () => {
    const transport = createPostgresTransport({ url: server.adminUrl, timeoutMs: 500 });
    await server.stopServer();
    try {
      const subscribed = transport.subscribe(aSubscription(anEvent()), async () => {}, { concurrency: 1 });
      await expect(subscribed).rejects.toMatchObject({ code: 'bus.broker_away' });
      expect(transport.status()).toMatchObject({ state: 'away' });
      await transport.close();
    } finally {
      await server.startServer();
    }
  });
});
