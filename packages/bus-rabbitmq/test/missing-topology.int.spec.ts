import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetter } from '@emporium/bus';
import { redeclareMs } from '@emporium/bus/transport';
import { canStart } from '@emporium/servers';
import { describe, expect, test, vi } from 'vitest';
import {
  anEvent,
  aSubscription,
  collect,
  createLog,
  exchange,
  publishing,
  registryOf,
  until,
  withRabbitmq,
} from './with-rabbitmq.ts';

const rabbitmq = await canStart('rabbitmq');

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

describe.skipIf(!rabbitmq.available)(rabbitmq.title('a topology that goes missing on rabbitmq'), () => {
  const { server, open, lesserUser, withChannel } = withRabbitmq();

  const mandatoryWithoutRegistry = () => open(); // it knows of no subscription, as a publisher of an older release

  describe('under load, with two subscriptions in processes of their own', () => {
    const losses: [string, () => Promise<unknown>][] = [
      ['the exchange is deleted', () => withChannel((channel) => channel.deleteExchange(exchange))],
      [
        'the virtual host is deleted and made again',
        async () => {
          await server().ctl('delete_vhost', '/');
          await server().ctl('add_vhost', '/');
          await server().ctl('set_permissions', 'emporium', '.*', '.*', '.*');
        },
      ],
      ['the broker is reset', () => server().wipe()],
    ];

    test.each(losses)('%s: no event that was accepted later is lost to either', async (_, lose) => {
      const [one, other] = [aSubscription(), aSubscription({ service: 'order', ordered: true })];
      const registry = registryOf(one, other);
      await open().topology(registry).apply();
      const first = await collect(open({ registry }), one);
      const second = await collect(open({ registry }), other);
      const publishers = [1, 2, 3].map((number) => publishing(open({ registry }), `p${number}`));
      const allAccepted = () => publishers.flatMap(({ accepted }) => accepted);
      await until(() => expect(allAccepted().length).toBeGreaterThan(100));

      const start = performance.now();
      await lose();
      const lost = performance.now();
      await until(() => {
        for (const { acceptedAfter } of publishers) expect(acceptedAfter(lost).length).toBeGreaterThan(100);
      }, 40_000);
      await Promise.all(publishers.map(({ stop }) => stop()));

      const afterwards = publishers.flatMap(({ acceptedAfter }) => acceptedAfter(lost));
      for (const { ids } of [first, second]) {
        await until(() => {
          const came = new Set(ids());
          expect(afterwards.filter((id) => !came.has(id))).toEqual([]);
        });
      }
      expect(lost - start).toBeLessThan(60_000);
    });
  });

  test('an event whose only queue lost its binding is refused, and passes once its consumer has bound it again', async () => {
    const listening = aSubscription();
    const { ids } = await collect(open(), listening);
    const publisher = mandatoryWithoutRegistry();
    expect(await publisher.publish([anEvent('before')])).toEqual([{ status: 'accepted' }]);
    await withChannel((channel) => channel.unbindQueue(listening.name, exchange, 'user.registered.*'));
    const [refused] = await publisher.publish([anEvent('during')]);
    expect(refused).toMatchObject({ status: 'refused', error: { code: 'bus.unroutable', settle: 'retry' } });
    await until(async () => {
      expect(await publisher.publish([anEvent('during')])).toEqual([{ status: 'accepted' }]);
    }, redeclareMs);
    await until(() => expect(ids()).toEqual(['before', 'during']));
  });

  test('a registered subscription whose service is not running is declared again by who publishes', async () => {
    const absent = aSubscription();
    const registry = registryOf(absent);
    await open().topology(registry).apply();
    const publisher = open({ registry });
    expect(await publisher.publish([anEvent('before')])).toEqual([{ status: 'accepted' }]);
    await withChannel((channel) => channel.deleteQueue(absent.name));
    await until(async () => {
      expect(await publisher.publish([anEvent('after')])).toEqual([{ status: 'accepted' }]);
    }, redeclareMs);
    const { ids } = await collect(open(), absent);
    await until(() => expect(ids()).toEqual(['after']));
  });

  test('a consumer declares what it needs again although nobody publishes, and is silent while all is well', async () => {
    const listening = aSubscription();
    const { log, lines } = createLog();
    const transport = open({ log });
    await collect(transport, listening);
    await sleep(redeclareMs);
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
    const quiet = lines.length;

    await withChannel(async (channel) => {
      await channel.deleteExchange(exchange);
      await channel.deleteExchange('email.retry');
      await channel.deleteExchange('email.wait');
      await channel.deleteExchange('dead-letters');
      await channel.deleteQueue('email.wait.100');
      await channel.deleteQueue('dead-letters');
    });
    await until(async () => {
      for (const name of [exchange, 'email.retry', 'email.wait', 'dead-letters']) {
        await withChannel((channel) => channel.checkExchange(name));
      }
      for (const name of ['email.wait.100', 'dead-letters']) {
        await withChannel((channel) => channel.checkQueue(name));
      }
    }, redeclareMs);
    expect(lines.slice(quiet).filter(({ text }) => text.includes(exchange))).toHaveLength(1);
  });

  test('a retry and a dead letter are not lost with the structures they go through', async () => {
    const failing = aSubscription();
    const deadLetters: DeadLetter[] = [];
    const transport = open();
    await transport.consumeDeadLetters(async (deadLetter) => void deadLetters.push(deadLetter));
    const { came } = await collect(transport, failing, async (delivery) => {
      if (delivery.attempt === 1) {
        await withChannel(async (channel) => {
          await channel.deleteExchange('email.wait');
          await channel.deleteQueue('email.wait.100');
          await channel.deleteQueue('dead-letters');
        });
        await delivery.retry(50);
      } else await delivery.deadLetter({ code: 'test.never', message: 'never' });
    });
    await transport.publish([anEvent('poison')]);
    await until(() => expect(deadLetters.map(({ id }) => id)).toEqual(['poison']));
    expect(came.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(deadLetters[0]).toMatchObject({ attempts: 2, reason: { code: 'test.never' } });
  });

  test('while the broker refuses a dead letter, nothing of its ordered partition overtakes it', async () => {
    const ordered = aSubscription({ ordered: true });
    const registry = registryOf(ordered);
    await open().topology(registry).apply();
    const { log, lines } = createLog();
    const transport = open({ url: await lesserUser('ordered'), log });
    const { ids, consumer } = await collect(transport, ordered, (delivery) =>
      delivery.id === 'first'
        ? delivery.deadLetter({ code: 'test.never', message: 'never' })
        : delivery.ack(),
    );
    await withChannel((channel) => channel.deleteExchange('dead-letters'));
    const publisher = open({ registry });
    await publisher.publish(['first', 'second', 'third'].map((id) => anEvent(id, { key: 'same' })));
    await sleep(12_000);
    expect(ids()).toEqual(['first']);
    expect(consumer.status()).toMatchObject({
      state: 'stuck',
      reason: expect.stringContaining('dead-letters'),
    });
    expect(lines.filter(({ text }) => text.includes('dead-letters')).length).toBeLessThan(5);

    await open().topology(registry).apply();
    const deadLetters: DeadLetter[] = [];
    await open().consumeDeadLetters(async (deadLetter) => void deadLetters.push(deadLetter));
    await until(() => expect(ids()).toEqual(['first', 'second', 'third']));
    await until(() => expect(deadLetters.map(({ id }) => id)).toContain('first'));
    await until(() => expect(consumer.status()).toEqual({ state: 'working' }), redeclareMs);
  });

  test('who may not declare is refused, says so once, and goes on when the topology is applied', async () => {
    const listening = aSubscription();
    const registry = registryOf(listening);
    await open().topology(registry).apply();
    const { log, lines } = createLog();
    const publisher = open({ url: await lesserUser('publisher'), registry, log });
    expect(await publisher.publish([anEvent('before')])).toEqual([{ status: 'accepted' }]);
    await withChannel((channel) => channel.deleteExchange(exchange));
    for (let tries = 0; tries < 20; tries += 1) {
      const [result] = await publisher.publish([anEvent('during'), { ...anEvent('x'), mandatory: false }]);
      expect(result).toMatchObject({
        status: 'refused',
        error: { code: expect.stringMatching(/unroutable|away/) },
      });
      await sleep(50);
    }
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    await open().topology(registry).apply();
    await until(async () => {
      expect(await publisher.publish([anEvent('during')])).toEqual([{ status: 'accepted' }]);
    });
    expect(lines.at(-1)?.text).toContain('the exchange is there again');
  });

  test('an event that nobody listens to is accepted, and its exchange declared', async () => {
    await withChannel((channel) => channel.deleteExchange(exchange));
    const event = { ...anEvent('alone'), mandatory: false };
    expect(await open().publish([event])).toEqual([{ status: 'accepted' }]);
    await withChannel((channel) => channel.checkExchange(exchange));
    const [refused] = await open().publish([anEvent('missed')]);
    expect(refused).toMatchObject({ status: 'refused', error: { code: 'bus.unroutable' } });
  });
});
