import { serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { retain } from '@emporium/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enforceLimits } from '../src/webhooks/limits.ts';
import { type Bridge, completed, openBridge } from './support/webhooks.ts';

const postgres = await serverFor('postgres');
const log = createLog({ service: 'test', level: 'silent' });
const day = 86_400_000;

describe.skipIf(!postgres.available)(postgres.title('the number of webhook deliveries'), () => {
  let bridge: Bridge;
  beforeAll(async () => {
    bridge = await openBridge(postgres.url);
  });
  afterAll(() => bridge?.close());

  const registered = async (events: number) => {
    const { id } = await bridge.register('https://127.0.0.1', ['order.completed']);
    for (let count = 0; count < events; count += 1) await bridge.handle(completed());
    return id;
  };
  const settle = (id: string, status: 'delivered' | 'failed', ids: readonly string[]) =>
    bridge.store.db
      .updateTable('webhook_delivery')
      .set({ status, settled_at: new Date() })
      .where('webhook_id', '=', id)
      .where('id', 'in', ids)
      .execute();

  test('a webhook for which too many wait is disabled, and loses none', async () => {
    const id = await registered(5);
    await enforceLimits(bridge.store, { maxPending: 6, maxSettled: 100 }, log);
    expect(await bridge.webhook(id)).toMatchObject({ enabled: true });
    await enforceLimits(bridge.store, { maxPending: 5, maxSettled: 100 }, log);
    expect(await bridge.webhook(id)).toMatchObject({
      enabled: false,
      disabled: { reason: '5 deliveries wait for it' },
      deliveries: { pending: 5 },
      changes: [{ action: 'disabled-by-bridge' }, { action: 'created' }],
    });
  });

  test('of those that are settled the newest are kept, and all that wait', async () => {
    const id = await registered(8);
    const [first, second, third, fourth, fifth] = (await bridge.deliveries(id)).map((each) =>
      String(each.id),
    );
    await settle(id, 'delivered', [first ?? '', second ?? '']);
    await settle(id, 'failed', [third ?? '', fourth ?? '', fifth ?? '']);
    await enforceLimits(bridge.store, { maxPending: 100, maxSettled: 3 }, log);
    const left = await bridge.deliveries(id);
    expect(left.filter(({ status }) => status === 'pending')).toHaveLength(3);
    expect(left.filter(({ status }) => status === 'failed')).toHaveLength(3);
    expect(left).toHaveLength(6);
    await bridge.request('PUT', `/${id}`, { enabled: false });
  });

  test('deliveries are removed with their attempts when they are 30 days old', async () => {
    const id = await registered(2);
    const { retention } = bridge.webhooks;
    for (const each of retention) await retain(bridge.store.db, each, new Date(Date.now() + 29 * day));
    expect(await bridge.deliveries(id)).toHaveLength(2);
    for (const each of retention) await retain(bridge.store.db, each, new Date(Date.now() + 31 * day));
    expect(await bridge.deliveries(id)).toEqual([]);
  });
});
