import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { LedgerEntry, Payment } from '../domain/payment.ts';
import type { Tables } from './tables.ts';

/** Locks the payments of these orders and gives them; where there is none, it begins as is said here. */
export const enterAll = async (
  tx: Tx<Tables>,
  initial: ReadonlyMap<string, Payment>,
): Promise<Map<string, Payment>> => {
  const { rows } = await sql<Row>`
    insert into payment (order_id, state)
    select * from unnest(${[...initial.keys()]}::text[], ${[...initial.values()].map(asJson)}::jsonb[]) as entered
    order by 1
    on conflict (order_id) do update set order_id = excluded.order_id
    returning order_id, state`.execute(tx);
  return byOrder(rows);
};

/** Of these orders, the payments that there are. */
export const findAll = async (tx: Tx<Tables>, orderIds: readonly string[]): Promise<Map<string, Payment>> => {
  const { rows } = await sql<Row>`
    select order_id, state from payment where order_id = any(${[...orderIds]}::text[])`.execute(tx);
  return byOrder(rows);
};

/** Locks the payments of these orders, in the orders' order, and gives those that there are. */
export const lockAll = async (tx: Tx<Tables>, orderIds: readonly string[]): Promise<Map<string, Payment>> => {
  const { rows } = await sql<Row>`
    select order_id, state from payment
    where order_id = any(${[...orderIds]}::text[]) order by order_id for update`.execute(tx);
  return byOrder(rows);
};

/** A payment as it is now, and what the ledger may not have yet. */
export interface Change {
  readonly payment: Payment;
  readonly entries: readonly LedgerEntry[];
}

/** Writes payments that are locked, as one statement. */
export const saveAll = async (
  tx: Tx<Tables>,
  changes: ReadonlyMap<string, Change>,
  now: Date,
): Promise<void> => {
  if (changes.size === 0) return;
  const orderIds = [...changes.keys()];
  const entries = [...changes].flatMap(([orderId, change]) =>
    change.entries.map((entry) => ({ orderId, ...entry })),
  );
  await sql`
    with saved as (
      update payment set state = changed.state
      from unnest(
        ${orderIds}::text[],
        ${[...changes.values()].map(({ payment }) => asJson(payment))}::jsonb[]
      ) as changed (order_id, state)
      where payment.order_id = any(${orderIds}::text[]) and payment.order_id = changed.order_id)
    insert into payment_ledger (at, order_id, authorisation_id, entry, amount, currency)
    select ${now}::timestamptz, * from unnest(
      ${entries.map(({ orderId }) => orderId)}::text[],
      ${entries.map(({ authorisationId }) => authorisationId)}::text[],
      ${entries.map(({ entry }) => entry)}::text[],
      ${entries.map(({ amount }) => amount.amount)}::bigint[],
      ${entries.map(({ amount }) => amount.currency)}::text[]
    )
    on conflict on constraint payment_ledger_once do nothing`.execute(tx);
};

/** Of payments that were entered before. */
export const paymentOf = (payments: ReadonlyMap<string, Payment>, orderId: string): Payment => {
  const payment = payments.get(orderId);
  if (payment === undefined) throw new Error(`The payment of ${orderId} is gone`);
  return payment;
};

interface Row {
  readonly order_id: string;
  readonly state: Payment;
}

const byOrder = (rows: readonly Row[]): Map<string, Payment> =>
  new Map(rows.map(({ order_id, state }) => [order_id, state]));

const asJson = (payment: Payment): string => JSON.stringify(payment);
