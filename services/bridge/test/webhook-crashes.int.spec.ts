import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { serverFor } from '@emporium/servers';
import { afterEach, describe, expect, test } from 'vitest';
import { after, never, ok, type Receiver, startReceiver, status } from './support/receiver.ts';
import { type Bridge, completed, openBridge } from './support/webhooks.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('webhooks of several processes'), () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });
  const open = async (
    ...options: Parameters<typeof openBridge> extends [string, ...infer Rest] ? Rest : never
  ) => {
    const bridge = await openBridge(postgres.url, ...options);
    cleanups.unshift(bridge.close);
    return bridge;
  };
  const receive = async (...answer: Parameters<typeof startReceiver>): Promise<Receiver> => {
    const receiver = await startReceiver(...answer);
    cleanups.push(receiver.close);
    return receiver;
  };
  const child = async ({ database }: Bridge): Promise<ChildProcess> => {
    const started = fork(new URL('./support/webhook-process.ts', import.meta.url), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'], DATABASE_URL: database.url, TIMEOUT_MS: '1000' },
    });
    cleanups.unshift(async () => {
      if (started.exitCode !== null || started.signalCode !== null) return;
      started.kill('SIGKILL');
      await once(started, 'exit');
    });
    await once(started, 'message');
    return started;
  };

  test('a delivery whose process is killed in the middle of the attempt is sent again under the same id', async () => {
    const bridge = await open();
    const receiver = await receive(never);
    const { id } = await bridge.register(receiver.url);
    const victim = await child(bridge);
    const event = completed();
    await bridge.handle(event);
    await expect.poll(() => receiver.received.length).toBe(1);
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    receiver.answer(ok);
    await child(bridge);
    await expect.poll(() => bridge.deliveries(id)).toMatchObject([{ status: 'delivered', attempts: 1 }]);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test('two instances share the deliveries, and make one attempt of each at a time', async () => {
    const bridge = await open({ schedule: [0, 20, 20, 20] });
    const receiver = await receive(after(5, ok));
    const { id } = await bridge.register(receiver.url);
    await bridge.start();
    const other = bridge.instance();
    await other.start();
    const events = Array.from({ length: 300 }, () => completed());
    await Promise.all(events.map((event, index) => (index % 2 === 0 ? bridge : other).handle(event)));
    await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(300);
    await expect.poll(() => bridge.webhook(id)).toMatchObject({ deliveries: { pending: 0, failed: 0 } });
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(300);
    expect(receiver.concurrentPerId()).toBe(1);
  });

  test('no delivery is lost while instances are killed, stopped and started, and the receiver fails', async () => {
    const bridge = await open({ schedule: Array(40).fill(20) });
    const receiver = await receive((...args) => {
      const dice = Math.random();
      if (dice < 0.1) return never(...args);
      if (dice < 0.2) return void args[0].socket?.destroy();
      (dice < 0.5 ? status(500) : ok)(...args);
    });
    const { id } = await bridge.register(receiver.url);
    const events = Array.from({ length: 60 }, () => completed());
    const handling = (async () => {
      for (const event of events) await bridge.handle(event);
    })();
    for (let round = 0; round < 3; round += 1) {
      const victim = await child(bridge);
      await expect.poll(() => receiver.received.length).toBeGreaterThan(round * 5 + 3);
      victim.kill('SIGKILL');
      await once(victim, 'exit');
    }
    await handling;
    const stop = await bridge.start();
    await expect.poll(() => receiver.received.length).toBeGreaterThan(30);
    await stop();
    receiver.answer(ok);
    await bridge.instance().start();
    await expect
      .poll(() => bridge.webhook(id), { timeout: 40_000 })
      .toMatchObject({ deliveries: { pending: 0 } });
    const { rows } = await counts(bridge);
    expect(rows).toEqual(events.length);
    const arrived = new Set(receiver.received.map(({ body }) => JSON.parse(body).data.orderId));
    expect(arrived.size).toBe(events.length);
  });
});

const counts = async ({ store }: Bridge) =>
  store.db
    .selectFrom('webhook_delivery')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .executeTakeFirstOrThrow();
