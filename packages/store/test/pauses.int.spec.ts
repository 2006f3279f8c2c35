import { createMessage, type MessageOptions, newContext, readMessage } from '@emporium/bus';
import { shop, subscriptionPaused, subscriptionResumed } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createStore, type Store } from '../src/index.ts';
import { createMemoryLog } from './support/log.ts';

const postgres = await serverFor('postgres');
const control = shop.subscription('email.control');

describe.skipIf(!postgres.available)(postgres.title('the pauses that a service knows'), () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let store: Store<unknown>;
  const log = createMemoryLog();
  const by = uuid();
  const at = new Date('2026-11-29T12:00:00.000Z');

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
    store = createStore({ service: 'email', registry: shop, url: database.url, log });
    await store.migrate({});
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });
  beforeEach(async () => {
    await sql`truncate subscription_pause, inbox`.execute(store.db);
  });

  const deliver = async (body: Uint8Array): Promise<void> => {
    if (control === undefined) throw new Error('no subscription');
    const { run, handles } = store.runner(control, store.pauses.handlers);
    await run(readMessage(shop, new Set(handles), body), new AbortController().signal);
  };
  const pause = (subscription: string, sequence: number, reason = 'a test') => {
    const options: MessageOptions = { sequence, time: at };
    const data = { subscription, reason, by };
    return deliver(createMessage('operations', subscriptionPaused, data, newContext(), options).body);
  };
  const resume = (subscription: string, sequence: number) => {
    const options: MessageOptions = { sequence, time: at };
    const data = { subscription, by };
    return deliver(createMessage('operations', subscriptionResumed, data, newContext(), options).body);
  };
  const known = async () => {
    let pauses = {};
    const poller = await store.pauses.watch((all) => {
      pauses = Object.fromEntries(all);
    });
    await poller.stop();
    return pauses;
  };

  test('a pause is known, with who, when and why, until it is resumed', async () => {
    await pause('email.orders', 1, 'the mail server is broken');
    const reason = 'the mail server is broken';
    expect(await known()).toEqual({ 'email.orders': { since: at, by, reason } });
    await resume('email.orders', 2);
    expect(await known()).toEqual({});
  });

  test('an older change that comes later changes nothing', async () => {
    await resume('email.orders', 2);
    await pause('email.orders', 1);
    expect(await known()).toEqual({});
    await pause('email.orders', 5, 'the newest');
    await resume('email.orders', 4);
    await pause('email.orders', 3);
    await pause('email.orders', 5, 'the same again');
    expect(await known()).toMatchObject({ 'email.orders': { reason: 'the newest' } });
  });

  test('subscriptions of other services are ignored', async () => {
    await pause('order.replies', 1);
    await pause('email-archive.orders', 1);
    expect(await known()).toEqual({});
  });

  test('a change without a sequence is refused for good', async () => {
    const data = { subscription: 'email.orders', reason: 'a test', by };
    const { body } = createMessage('operations', subscriptionPaused, data, newContext());
    await expect(deliver(body)).rejects.toMatchObject({ settle: 'dead-letter' });
    expect(await known()).toEqual({});
  });

  test('a change by another instance is seen within two seconds, and at once when the poller is woken', async () => {
    const seen: number[] = [];
    const poller = await store.pauses.watch(({ size }) => void seen.push(size));
    expect(seen[0]).toBe(0);
    await pause('email.orders', 1);
    const from = performance.now();
    await expect.poll(() => seen.at(-1), { interval: 10, timeout: 2_000 }).toBe(1);
    await resume('email.orders', 2);
    const woken = performance.now();
    poller.wake();
    await expect.poll(() => seen.at(-1), { interval: 10, timeout: 2_000 }).toBe(0);
    expect(performance.now() - woken).toBeLessThan(900);
    expect(woken - from).toBeLessThan(2_000);
    await poller.stop();
  });

  test('what is known stays while the database is unavailable', async () => {
    await pause('email.orders', 1);
    const seen: number[] = [];
    const poller = await store.pauses.watch(({ size }) => void seen.push(size));
    await sql`alter table subscription_pause rename to elsewhere`.execute(store.db);
    poller.wake();
    await expect
      .poll(() => log.lines)
      .toContainEqual(expect.stringContaining('pauses of subscriptions failed'));
    await sql`alter table elsewhere rename to subscription_pause`.execute(store.db);
    await expect.poll(() => log.lines).toContainEqual('info pauses of subscriptions recovered');
    await poller.stop();
    expect(new Set(seen)).toEqual(new Set([1]));
  });
});
