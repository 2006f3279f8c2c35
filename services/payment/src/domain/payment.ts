import type { Money } from '@emporium/contracts';

/** The payment of one order. */
export type Payment =
  /** No command has arrived. */
  | { readonly status: 'none' }
  /** The call to the provider is about to be made, or its result is unknown. */
  | { readonly status: 'authorising'; readonly total: Money; readonly token: string }
  | Authorised
  /** By the provider, or because the command had expired. */
  | { readonly status: 'declined'; readonly reason: string }
  /** A void is in progress. The total is unknown if no authorisation was requested. */
  | { readonly status: 'voiding'; readonly total?: Money; readonly authorisationId?: string }
  | { readonly status: 'voided' }
  | Captured
  | Refunded;

export interface Authorised {
  readonly status: 'authorised';
  readonly total: Money;
  /** Needed for a renewal; deleted when the payment is captured or voided. */
  readonly token: string;
  /** The id at the provider. */
  readonly authorisationId: string;
  /** Whether this is the second authorisation. It is not renewed again. */
  readonly isRenewed: boolean;
}

export interface Captured {
  readonly status: 'captured';
  readonly total: Money;
  readonly authorisationId: string;
  /** Left out before the first one. */
  readonly refunds?: readonly Refund[];
}

/** All of it was refunded. */
export interface Refunded extends Omit<Captured, 'status'> {
  readonly status: 'refunded';
}

export interface Refund {
  readonly refundId: string;
  readonly amount: Money;
  /** Whether the provider has confirmed it. Otherwise the call is about to be made, was refused, or its result is unknown. */
  readonly isDone: boolean;
  /** It was withdrawn while it was not confirmed. */
  readonly isCancelled?: boolean;
  /** The provider has certainly not paid it: the last call was refused, and none was begun since; or none was ever begun. */
  readonly isUnpaid?: boolean;
}

/** A change of money at the provider. Each kind occurs at most once per authorisation, but a refund once per `refundId`. */
export interface LedgerEntry {
  readonly entry: 'authorised' | 'expired' | 'captured' | 'voided' | 'refunded';
  readonly authorisationId: string;
  readonly amount: Money;
  readonly refundId?: string;
}

/** The reply to a command. */
export type Reply =
  | { readonly kind: 'authorised'; readonly total: Money }
  | { readonly kind: 'declined'; readonly reason: string }
  | { readonly kind: 'captured'; readonly total: Money }
  | { readonly kind: 'capture-failed'; readonly reason: string }
  | { readonly kind: 'voided' }
  | { readonly kind: 'refunded'; readonly refundId: string; readonly amount: Money }
  | { readonly kind: 'refund-declined'; readonly refundId: string; readonly reason: string }
  /** To version 2 of the command. */
  | { readonly kind: 'refunded-whole'; readonly total: Money }
  /** No reply: the reply to another command resolves the payment. */
  | { readonly kind: 'none' }
  /** The command can never succeed in this state, and has no failure reply. It is dead-lettered. */
  | { readonly kind: 'impossible'; readonly reason: string };

export interface PaymentChange {
  readonly payment: Payment;
  /** Entries to add to the ledger, unless it has them. */
  readonly entries?: readonly LedgerEntry[];
}

/** The request to the provider, or the decision if no call is needed. */
export type BeforeCall<Request> =
  | { readonly request: Request; readonly change?: PaymentChange }
  | PaymentDecision;

export interface PaymentDecision {
  readonly reply: Reply;
  readonly change?: PaymentChange;
}

/** The status as text in a reason. */
export const statusOf = ({ status }: Payment): string => (status === 'none' ? 'unknown' : status);
