import { serverFor } from '@emporium/servers';
import { afterEach, describe, expect, test } from 'vitest';
import { never, ok, type Receiver, startReceiver, status } from './support/receiver.ts';
import { type Bridge, type BridgeOptions, completed, openBridge } from './support/webhooks.ts';

const postgres = await serverFor('postgres');
const day = 86_400_000;

describe.skipIf(!postgres.available)(postgres.title('webhooks and time'), () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });
  const open = async (options: BridgeOptions = {}): Promise<Bridge> => {
    const bridge = await openBridge(postgres.url, options);
    cleanups.unshift(bridge.close);
    await bridge.start();
    return bridge;
  };
  const receive = async (...answer: Parameters<typeof startReceiver>): Promise<Receiver> => {
    const receiver = await startReceiver(...answer);
    cleanups.push(receiver.close);
    return receiver;
  };

  test('a receiver that never answers delays none of the others', async () => {
    const bridge = await open({ timeoutMs: 15_000 });
    const dead = await receive(never);
    const others = await Promise.all([1, 2, 3, 4].map(() => receive(ok)));
    for (const { url } of [dead, ...others]) await bridge.register(url);
    const events = Array.from({ length: 300 }, () => completed());
    const begin = performance.now();
    const before = process.cpuUsage();
    await Promise.all(events.map((event) => bridge.handle(event)));
    await expect
      .poll(() => others.map(({ received }) => received.length), { timeout: 30_000, interval: 20 })
      .toEqual([300, 300, 300, 300]);
    const seconds = (performance.now() - begin) / 1_000;
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1_000 / 1_200;
    const rate = `${Math.round(1_200 / seconds)}/s, ${cpuMs.toFixed(2)} ms of processor time each with its receiver`;
    console.info(`1,200 deliveries in ${seconds.toFixed(1)} s: ${rate}`);
    expect(dead.received.length).toBeLessThanOrEqual(4);
    const { deliveries } = (await bridge.request('GET', '')).body.webhooks[0];
    expect(deliveries).toEqual({ pending: 300, failed: 0 });
  });

  test('a webhook whose every attempt fails for five days is disabled; enabled again, it gets what has waited', async () => {
    let ahead = 0;
    const bridge = await open({ clock: () => new Date(Date.now() + ahead) });
    const receiver = await receive(status(500));
    const { id } = await bridge.register(receiver.url);
    await bridge.handle(completed());
    const failures = async (count: number) => {
      await expect.poll(() => receiver.received.length).toBe(count);
      await expect
        .poll(async () => (await bridge.deliveries(id)).every((each) => each.lastStatus === 500))
        .toBe(true);
    };
    await failures(1);
    await expect.poll(() => bridge.webhook(id)).toHaveProperty('failingSince');
    const since = (await bridge.webhook(id)).failingSince;
    ahead = 4 * day;
    await failures(2);
    expect(await bridge.webhook(id)).toMatchObject({ enabled: true, failingSince: since });
    ahead = 5 * day + 1_000;
    await failures(3);
    await expect
      .poll(() => bridge.webhook(id))
      .toMatchObject({
        enabled: false,
        disabled: {
          at: expect.any(String),
          reason: 'every attempt failed for 5 days; at last it answered 500',
        },
        deliveries: { pending: 1 },
      });
    ahead = 25 * day;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(receiver.received).toHaveLength(3);
    receiver.answer(ok);
    await bridge.request('PUT', `/${id}`, { enabled: true });
    await expect.poll(() => bridge.deliveries(id)).toMatchObject([{ status: 'delivered', attempts: 1 }]);
    expect(await bridge.webhook(id)).not.toHaveProperty('failingSince');
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('failed deliveries are sent again under their ids: one, or all since a time', async () => {
    const bridge = await open({ schedule: [0] });
    const receiver = await receive(status(500));
    const { id } = await bridge.register(receiver.url);
    const before = new Date().toISOString();
    for (let count = 0; count < 5; count += 1) await bridge.handle(completed());
    await expect.poll(() => bridge.webhook(id)).toMatchObject({ deliveries: { failed: 5 } });
    receiver.answer(ok);
    const [one] = await bridge.deliveries(id);
    expect((await bridge.request('POST', `/deliveries/${one.id}/resend`)).body).toMatchObject({
      status: expect.stringMatching(/pending|delivered/),
    });
    await expect
      .poll(() => bridge.deliveries(id, 'status=delivered'))
      .toMatchObject([{ id: one.id, attempts: 1 }]);
    const { history } = (await bridge.request('GET', `/deliveries/${one.id}`)).body;
    expect(history.map((attempt: { status: number }) => attempt.status)).toEqual([500, 204]);
    const late = await bridge.request('POST', `/${id}/resend`, {
      since: new Date(Date.now() + day).toISOString(),
    });
    expect(late.body.resent).toBe(0);
    expect((await bridge.request('POST', `/${id}/resend`, { since: before })).body).toEqual({
      resent: 4,
      isLimited: false,
    });
    await expect.poll(() => bridge.deliveries(id, 'status=delivered')).toHaveLength(5);
    expect((await bridge.webhook(id)).changes.slice(0, 2)).toMatchObject([
      { action: 'deliveries-resent', details: { status: 'failed', since: before, resent: 4 } },
      { action: 'deliveries-resent', details: { status: 'failed', resent: 0 } },
    ]);
  });

  test('a delivery whose attempt is in progress is not sent a second time', async () => {
    const bridge = await open();
    const receiver = await receive(never);
    const { id } = await bridge.register(receiver.url);
    await bridge.handle(completed());
    await expect.poll(() => receiver.received.length).toBe(1);
    const [{ id: delivery }] = await bridge.deliveries(id);
    const { status: code, body } = await bridge.request('POST', `/deliveries/${delivery}/resend`);
    expect({ code, type: body.type }).toEqual({ code: 409, type: 'urn:emporium:problem:in-progress' });
  });

  test('a stop does not wait for a receiver that never answers, and its delivery is due at once', async () => {
    const bridge = await openBridge(postgres.url, { timeoutMs: 15_000 });
    cleanups.unshift(bridge.close);
    const stop = await bridge.start();
    const receiver = await receive(never);
    const { id } = await bridge.register(receiver.url);
    await bridge.handle(completed());
    await expect.poll(() => receiver.received.length).toBe(1);
    const begin = performance.now();
    await stop();
    expect(performance.now() - begin).toBeLessThan(4_500);
    expect(await bridge.deliveries(id)).toMatchObject([{ status: 'pending', attempts: 0 }]);
    receiver.answer(ok);
    await bridge.instance().start();
    await expect.poll(() => bridge.deliveries(id)).toMatchObject([{ status: 'delivered' }]);
  });
});
