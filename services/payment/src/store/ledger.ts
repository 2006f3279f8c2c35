import { type Kysely, sql } from 'kysely';
import type { Payment } from '../domain/payment.ts';
import type { Tables } from './tables.ts';

/** A payment with the totals of our ledger, in minor units. */
export interface PaymentSummary {
  readonly orderId: string;
  readonly status: Payment['status'];
  /** Left out if nothing was authorised. */
  readonly currency?: string;
  /** The amount that is authorised, and neither captured, voided nor expired. */
  readonly held: number;
  readonly captured: number;
  readonly refunded: number;
}

export interface PaymentQuery {
  readonly limit: number;
  readonly orderId?: string | undefined;
  /** The last order id of the previous page. */
  readonly before?: string | undefined;
}

interface Row {
  readonly order_id: string;
  readonly status: Payment['status'];
  readonly currency: string | null;
  readonly held: number;
  readonly captured: number;
  readonly refunded: number;
}

/** Newest orders first. */
export const readPayments = async (
  db: Kysely<Tables>,
  { limit, orderId, before }: PaymentQuery,
): Promise<PaymentSummary[]> => {
  const { rows } = await sql<Row>`
    with page as (
      select order_id, status from payment
      where (${orderId ?? null}::text is null or order_id = ${orderId ?? null})
        and (${before ?? null}::text is null or order_id < ${before ?? null})
      order by order_id desc limit ${limit})
    select page.order_id, page.status, max(currency) as currency,
      coalesce(sum(case entry when 'authorised' then amount when 'refunded' then 0 else -amount end), 0)::bigint as held,
      coalesce(sum(amount) filter (where entry = 'captured'), 0)::bigint as captured,
      coalesce(sum(amount) filter (where entry = 'refunded'), 0)::bigint as refunded
    from page left join payment_ledger using (order_id)
    group by page.order_id, page.status
    order by page.order_id desc`.execute(db);
  return rows.map(({ order_id, currency, ...rest }) => ({
    orderId: order_id,
    ...rest,
    ...(currency === null ? {} : { currency }),
  }));
};
