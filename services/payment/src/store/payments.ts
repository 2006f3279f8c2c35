import { afterCommit, type Changed, type Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { Payment, PaymentChange } from '../domain/payment.ts';
import { type AddedEntry, countEntries } from '../metrics.ts';
import { unitOfWork } from './handlers.ts';
import type { Tables } from './tables.ts';

/** Locks and returns the payments, in the order of their ids to prevent deadlocks. */
const load = async (tx: Tx<Tables>, orderIds: readonly string[]): Promise<ReadonlyMap<string, Payment>> => {
  const { rows } = await sql<{ order_id: string; state: Payment }>`
    select order_id, state from payment
    where order_id = any(${[...orderIds]}::text[]) order by order_id for update`.execute(tx);
  return new Map(rows.map(({ order_id, state }) => [order_id, state]));
};

/** Saves payments and new ledger entries in one statement. */
export const savePayments = async (
  tx: Tx<Tables>,
  changed: readonly Changed<Payment, PaymentChange>[],
  now: Date,
): Promise<undefined> => {
  const entries = changed.flatMap(({ id: orderId, changes }) =>
    changes.flatMap((change) => (change.entries ?? []).map((entry) => ({ orderId, ...entry }))),
  );
  const added = changed.filter(({ isNew }) => isNew);
  const known = changed.filter(({ isNew }) => !isNew);
  const orderIds = known.map(({ id }) => id);
  const { rows } = await sql<AddedEntry>`
    with added as (
      insert into payment (order_id, state)
      select * from unnest(
        ${added.map(({ id }) => id)}::text[],
        ${added.map(({ state }) => JSON.stringify(state))}::jsonb[]
      )
    ), saved as (
      update payment set state = changed.state
      from unnest(
        ${orderIds}::text[],
        ${known.map(({ state }) => JSON.stringify(state))}::jsonb[]
      ) as changed (order_id, state)
      where payment.order_id = any(${orderIds}::text[]) and payment.order_id = changed.order_id)
    insert into payment_ledger (at, order_id, authorisation_id, entry, amount, currency, refund_id)
    select ${now}::timestamptz, * from unnest(
      ${entries.map(({ orderId }) => orderId)}::text[],
      ${entries.map(({ authorisationId }) => authorisationId)}::text[],
      ${entries.map(({ entry }) => entry)}::text[],
      ${entries.map(({ amount }) => amount.amount)}::bigint[],
      ${entries.map(({ amount }) => amount.currency)}::text[],
      ${entries.map(({ refundId = '' }) => refundId)}::text[]
    )
    on conflict on constraint payment_ledger_once do nothing
    returning entry, amount, currency`.execute(tx);
  afterCommit(tx, () => countEntries(rows));
};

export const payments = unitOfWork({
  tables: ['payment'],
  idOf: ({ orderId }: { readonly orderId: string }) => orderId,
  initial: { status: 'none' } as Payment, // widened to the union
  load,
  evolve: (_, { payment }: PaymentChange) => payment,
  save: savePayments,
});
