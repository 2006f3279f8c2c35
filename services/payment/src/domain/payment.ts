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
  | { readonly status: 'refunded'; readonly total: Money; readonly authorisationId: string };

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
}

/** A change of money at the provider. Each kind occurs at most once per authorisation. */
export interface LedgerEntry {
  readonly entry: 'authorised' | 'expired' | 'captured' | 'voided' | 'refunded';
  readonly authorisationId: string;
  readonly amount: Money;
}

/** The reply to a command. */
export type Reply =
  | { readonly kind: 'authorised'; readonly total: Money }
  | { readonly kind: 'declined'; readonly reason: string }
  | { readonly kind: 'captured'; readonly total: Money }
  | { readonly kind: 'capture-failed'; readonly reason: string }
  | { readonly kind: 'voided' }
  | { readonly kind: 'refunded'; readonly total: Money }
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
