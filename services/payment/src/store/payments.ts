import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { LedgerEntry, Payment } from '../domain/payment.ts';
import type { Tables } from './tables.ts';

/** Locks the payment of this order and gives it; where there is none, it begins as `initial`. */
export const enter = async (tx: Tx<Tables>, orderId: string, initial: Payment): Promise<Payment> => {
  const { rows } = await sql<{ state: Payment }>`
    insert into payment (order_id, state) values (${orderId}, ${JSON.stringify(initial)}::jsonb)
    on conflict (order_id) do update set order_id = excluded.order_id
    returning state`.execute(tx);
  return only(rows, orderId);
};

export const find = async (tx: Tx<Tables>, orderId: string): Promise<Payment | undefined> => {
  const row = await tx
    .selectFrom('payment')
    .select('state')
    .where('order_id', '=', orderId)
    .executeTakeFirst();
  return row?.state;
};

/** Locks a payment that was entered before. */
export const lock = async (tx: Tx<Tables>, orderId: string): Promise<Payment> => {
  const { rows } = await sql<{ state: Payment }>`
    select state from payment where order_id = ${orderId} for update`.execute(tx);
  return only(rows, orderId);
};

/** Writes the payment as it is now, and what the ledger does not have already. */
export const save = async (
  tx: Tx<Tables>,
  orderId: string,
  payment: Payment,
  entries: readonly LedgerEntry[],
  now: Date,
): Promise<void> => {
  const update = sql`update payment set state = ${JSON.stringify(payment)}::jsonb where order_id = ${orderId}`;
  if (entries.length === 0) {
    await update.execute(tx);
    return;
  }
  await sql`
    with saved as (${update})
    insert into payment_ledger (at, order_id, authorisation_id, entry, amount, currency)
    select ${now}::timestamptz, ${orderId}, * from unnest(
      ${entries.map(({ authorisationId }) => authorisationId)}::text[],
      ${entries.map(({ entry }) => entry)}::text[],
      ${entries.map(({ amount }) => amount.amount)}::bigint[],
      ${entries.map(({ amount }) => amount.currency)}::text[]
    )
    on conflict on constraint payment_ledger_once do nothing`.execute(tx);
};

const only = (rows: readonly { state: Payment }[], orderId: string): Payment => {
  const [row] = rows;
  if (row === undefined) throw new Error(`The payment of ${orderId} is gone`);
  return row.state;
};
