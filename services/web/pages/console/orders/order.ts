import type { Money } from '../../shared/format.ts';

/** As `GET /api/admin/orders` lists an order. */
export interface OrderSummary {
  readonly orderId: string;
  readonly customerId: string;
  readonly status: string;
  readonly total: Money;
  readonly placedAt: string;
}

/** As `GET /api/admin/reports/stuck-orders` lists an order. */
export interface StuckOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly status: string;
  readonly since: string;
  readonly step?: string;
  readonly reason?: string;
  readonly total: Money;
}

export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: Money;
}

/** As `GET /api/orders/:id` describes an order, now or as it was. */
export interface Order {
  readonly orderId: string;
  readonly status: string;
  readonly lines: readonly OrderLine[];
  readonly total: Money;
  readonly refunded: Money;
  readonly cancellation?: string;
  readonly reason?: string;
  readonly correlationId?: string;
}

/** One event of an order. */
export interface OrderEvent {
  readonly version: number;
  readonly id: string;
  readonly at: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly actor: { readonly kind: string; readonly id?: string; readonly name?: string };
  readonly correlationId?: string;
  readonly causationId?: string;
}

export const statuses = [
  ...['placed', 'confirmed', 'completed', 'cancelling', 'cancelled', 'needs-attention'],
] as const;

/** How a status looks. */
export const lookOf = (status: string): string =>
  ({
    'needs-attention': 'bad',
    cancelling: 'warn',
    cancelled: 'warn',
    completed: 'good',
  })[status] ?? '';

/** The end of an id, which is what differs between ids of the same minute. */
export const shortId = (id: string): string => id.slice(-8);
