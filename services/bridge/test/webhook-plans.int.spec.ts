import { newContext } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore, type Store, type Tx } from '@emporium/store';
import { rowsRead } from '@emporium/store/testing';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { standardSchedule } from '../src/domain/webhooks/schedule.ts';
import { migrations } from '../src/migrations/index.ts';
import type { Tables } from '../src/store/tables.ts';
import { claimDue, releaseClaims } from '../src/webhooks/store/claim.ts';
import { listDeliveries } from '../src/webhooks/store/deliveries.ts';
import { fanOut } from '../src/webhooks/store/fan-out.ts';
import { recordAttempts } from '../src/webhooks/store/record-attempts.ts';
import { addWebhook } from '../src/webhooks/store/webhooks.ts';

const postgres = await serverFor('postgres');
const webhookId = uuid();
const claim = uuid();
const idOf = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

describe.skipIf(!postgres.available)(postgres.title('among many webhook deliveries'), () => {
  let store: Store<Tables>;
  let drop: () => Promise<unknown>;
  beforeAll(async () => {
    const database = await freshDatabase(postgres.url);
    drop = database.drop;
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    store = createStore<Tables>({ service: 'bridge', registry: shop, url: database.url, log });
    await store.migrate(migrations);
    const webhook = {
      id: webhookId,
      url: 'https://a.example',
      events: null,
      description: undefined,
      secret: 's',
    };
    await store.transaction(({ tx, now }) => addWebhook(tx, webhook, { max: 1, now }));
  });
  afterAll(async () => {
    await store?.close();
    await drop?.();
  });

  const delivery = {
    ...{ id: idOf(1), webhook_id: webhookId, claim, attempts: 0 },
    body: Buffer.of(),
    url: '',
  };
  const claimed = { ...delivery, secret: '', previous_secret: null };
  const now = new Date('2026-11-01T12:00:00Z');
  const soon = new Date(now.getTime() + 1_000);

  test.each<[string, 'pending' | 'delivered', number, (tx: Tx<Tables>) => Promise<unknown>]>([
    [
      'claims the due ones of many that wait',
      'pending',
      10,
      (tx) => claimDue(tx, { claim, now, until: soon, perWebhook: 4, inProgress: new Map([[webhookId, 3]]) }),
    ],
    [
      'finds that none is due',
      'delivered',
      10,
      (tx) => claimDue(tx, { claim, now, until: soon, perWebhook: 4, inProgress: new Map() }),
    ],
    ['gives one back', 'pending', 5, (tx) => releaseClaims(tx, [claimed], soon)],
    [
      'records an attempt',
      'pending',
      12,
      (tx) => {
        const item = {
          delivery,
          startedAt: now,
          endedAt: now,
          durationMs: 1,
          outcome: { kind: 'delivered', status: 200 },
        } as const;
        const policy = { schedule: standardSchedule, disableAfterMs: 1, random: () => 0 };
        return recordAttempts(policy)([{ item, context: newContext(), effects: [] }], { tx, now });
      },
    ],
    ['adds one', 'pending', 5, (tx) => fanOut(tx, [{ id: uuid(), type: 'a', body: Buffer.of() }], now)],
    [
      'lists a page',
      'delivered',
      30,
      (tx) => listDeliveries(tx, { webhookId, status: 'delivered', limit: 5 }),
    ],
    [
      'lists a later page',
      'delivered',
      30,
      (tx) => listDeliveries(tx, { webhookId, status: 'delivered', limit: 5, before: idOf(2) }),
    ],
  ])('one %s without reading the others', async (_, status, most, run) => {
    const rollback = new Error('only measured');
    let read = Number.NaN;
    await store
      .transaction(async ({ tx }) => {
        const fill = (from: number, to: number) =>
          sql`
          insert into webhook_delivery
          select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, ${webhookId}, n, 'order.completed', 'x',
            ${now}, ${status}, 0, ${now}::timestamptz + make_interval(secs => case n when 1 then 0 else 3600 end), null,
            case ${status} when 'pending' then null else ${now}::timestamptz end
          from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
        read = await rowsRead(tx, { tables: ['webhook_delivery', 'webhook'], fill, run: () => run(tx) });
        throw rollback;
      })
      .catch((error: unknown) => {
        if (error !== rollback) throw error;
      });
    expect(read).toBeLessThanOrEqual(most);
  });
});
