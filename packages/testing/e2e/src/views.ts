import type { Money } from '@emporium/contracts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface Customer extends Credentials {
  readonly userId: string;
  readonly name: string;
  readonly token: string;
}

export interface OrderView {
  readonly orderId: string;
  readonly status: 'placed' | 'confirmed' | 'completed' | 'cancelling' | 'cancelled' | 'needs-attention';
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly unitPrice: Money }[];
  readonly total: Money;
  readonly cancellation?: string;
  readonly reason?: string;
  /** The sum of its finished refunds. */
  readonly refunded: Money;
  /** Money that changed hands outside of the system. */
  readonly settledByHand?: { readonly paid: Money; readonly refunded: Money };
  readonly refunds: readonly RefundView[];
  readonly timeline: readonly { readonly at: string; readonly what: string; readonly detail?: string }[];
  /** Of the request that placed it. */
  readonly correlationId?: string;
}

export interface RefundView {
  readonly refundId: string;
  readonly status: 'in-progress' | 'parked' | 'refunded' | 'abandoned';
  readonly amount: Money;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

/** A refund as an administrator sees it. */
export interface AdminRefundView extends RefundView {
  readonly restock: boolean;
  readonly reason: string;
  /** The steps that a person did outside of the system. */
  readonly byHand: readonly string[];
  readonly parked?: { readonly step: string; readonly reason: string };
}

/** A saga as an administrator sees it. */
export interface SagaView {
  readonly saga: 'fulfilment' | 'refund';
  readonly id: string;
  readonly state: string;
  readonly step?: string;
  readonly parked?: { readonly step: string; readonly reason: string };
}

export interface SagaDetailView extends SagaView {
  readonly steps: readonly { readonly step: string; readonly status: string; readonly byHand: boolean }[];
  readonly compensationOrder: readonly string[];
  readonly actions: readonly { readonly action: string; readonly by: string; readonly note?: string }[];
}

export interface RefundRequest {
  readonly lines?: readonly { readonly sku: string; readonly quantity: number }[];
  readonly amount?: Money;
  readonly restock?: boolean;
  readonly reason: string;
}

export interface OrderSummary {
  readonly orderId: string;
  readonly customerId: string;
  readonly status: OrderView['status'];
  readonly total: Money;
}

export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly price: Money;
  readonly available: number;
}

export interface StockRow {
  readonly sku: string;
  readonly received: number;
  readonly sold: number;
  readonly reserved: number;
  readonly available: number;
}

/** An authorisation in the payment provider's ledger; amounts in minor units. */
export interface LedgerLine {
  readonly id: string;
  /** The order's id. */
  readonly reference: string;
  readonly status: 'authorised' | 'declined' | 'captured' | 'voided' | 'expired';
  /** The amount that is authorised and neither captured nor voided. */
  readonly held: number;
  readonly captured: number;
  readonly refunded: number;
}

/** The payment of an order, as our payment service has it. */
export interface PaymentRow {
  readonly orderId: string;
  readonly status: string;
  readonly captured: number;
  readonly refunded: number;
}

/** The points of a customer, and the entries that led to them, the newest first. */
export interface LoyaltyView {
  readonly customerId: string;
  readonly points: number;
  readonly entries: readonly {
    readonly orderId: string;
    readonly kind: 'earned' | 'taken-back';
    readonly points: number;
    readonly balance: number;
  }[];
}

export interface ShipmentRow {
  readonly id: string;
  readonly reference: string;
}

/** The readings of a place in one window of time. */
export interface SensorWindow {
  readonly start: string;
  readonly seconds: number;
  readonly readings: number;
  readonly temperature: { readonly min: number; readonly max: number; readonly mean: number };
}

export interface SensorAlert {
  readonly alertId: string;
  readonly sensorId: string;
  readonly location: string;
  readonly reason: 'too-hot' | 'sudden-jump';
  readonly temperature: number;
  readonly usual?: number;
  /** The time of the reading, ISO 8601. */
  readonly at: string;
}

export interface DeadLetterView {
  readonly id: string;
  readonly subscription: string;
  readonly messageId: string;
  readonly type: string;
  /** The key of the message, such as the order's id. */
  readonly key: string;
  readonly status: 'open' | 'replayed' | 'discarded';
  readonly reason: { readonly code: string; readonly message: string };
  readonly attempts: number;
}

/** A subscription as an administrator sees it. */
export interface SubscriptionView {
  readonly name: string;
  /** What is wanted; its service follows. */
  readonly state: 'active' | 'paused';
  /** When it was paused or resumed last, by which user and why. */
  readonly since?: string;
  readonly by?: string;
  readonly reason?: string;
}

/** The status page as JSON. */
export interface StatusView {
  readonly headline: string;
  readonly processes: readonly ProcessStatusView[];
  readonly servers: readonly { readonly name: string; readonly state: string }[];
  readonly paused: readonly { readonly subscription: string; readonly reason?: string }[];
}

export interface ProcessStatusView {
  readonly name: string;
  readonly state: 'ready' | 'degraded' | 'not-ready' | 'away' | 'unknown';
  readonly since: string;
  readonly waiting: readonly { readonly kind: string; readonly count: number }[];
  /** For administrators. */
  readonly errors?: readonly { readonly message: string; readonly correlationId?: string }[];
}

/** What an administrator did. */
export interface AuditView {
  readonly userId: string;
  readonly action: string;
  readonly target: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly outcome?: 'done' | 'refused';
}

/** A task whose attempts all failed. */
export interface FailedTaskView {
  readonly id: string;
  /** The data of the task's kind. */
  readonly data: unknown;
  readonly reason: string;
  readonly attempts: number;
}

export interface OrderRequest {
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly paymentToken: string;
  /** Where the total is another one, nothing is ordered and the response is 409. */
  readonly expectedTotal?: Money;
}

/** An event of an order, with who did it. */
export interface HistoryEntry {
  readonly version: number;
  readonly type: string;
  readonly actor: { readonly kind: string };
}

/** A read model of the order service. */
export interface ProjectionView {
  readonly name: string;
  readonly lag: { readonly events: number; readonly seconds: number };
  /** When its tables were last replaced by ones that were built beside them. */
  readonly builtAt?: string;
  readonly build?: { readonly events: number };
}
