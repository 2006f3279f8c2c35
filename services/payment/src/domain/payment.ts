import type { Money } from '@emporium/contracts';

/** The payment of one order. */
export type Payment =
  /** Nobody has asked for it. */
  | { readonly status: 'none' }
  /** The provider was asked, or is about to be; what it says is not known. */
  | { readonly status: 'authorising'; readonly total: Money; readonly token: string }
  | Authorised
  /** Also of what came too late to be asked. */
  | { readonly status: 'declined'; readonly reason: string }
  /** The provider was asked to void, or is about to be. The total is unknown where nobody authorised before. */
  | { readonly status: 'voiding'; readonly total?: Money; readonly authorisationId?: string }
  | { readonly status: 'voided' }
  | Captured
  | { readonly status: 'refunded'; readonly total: Money; readonly authorisationId: string };

export interface Authorised {
  readonly status: 'authorised';
  readonly total: Money;
  /** Kept for a renewal, until the money is taken or given up. */
  readonly token: string;
  /** The provider's id. */
  readonly authorisationId: string;
  /** The first authorisation expired; this is the second, and the last. */
  readonly isRenewed: boolean;
}

export interface Captured {
  readonly status: 'captured';
  readonly total: Money;
  readonly authorisationId: string;
}

/** Money that moved, or was held or let go, at the provider. Each happens once to an authorisation. */
export interface LedgerEntry {
  readonly entry: 'authorised' | 'expired' | 'captured' | 'voided' | 'refunded';
  readonly authorisationId: string;
  readonly amount: Money;
}

/** What a command is answered. */
export type Answer =
  | { readonly kind: 'authorised'; readonly total: Money }
  | { readonly kind: 'declined'; readonly reason: string }
  | { readonly kind: 'captured'; readonly total: Money }
  | { readonly kind: 'capture-failed'; readonly reason: string }
  | { readonly kind: 'voided' }
  | { readonly kind: 'refunded'; readonly total: Money }
  /** None: another answer settles it. */
  | { readonly kind: 'none' }
  /** The sender has lost track: there is nothing that could be answered. */
  | { readonly kind: 'impossible'; readonly reason: string };

/** What becomes of a payment. */
export interface PaymentChange {
  readonly payment: Payment;
  /** What the ledger may not have yet. */
  readonly entries?: readonly LedgerEntry[];
}

/** Before the provider is called: the request to make, or the answer without one. */
export type Beginning<Request> =
  | { readonly request: Request; readonly change?: PaymentChange }
  | { readonly answer: Answer; readonly change?: PaymentChange };

/** After the provider has answered, or where it is not asked. */
export interface Settlement {
  readonly answer: Answer;
  readonly change?: PaymentChange;
}

/** For a reason that people read. */
export const statusOf = ({ status }: Payment): string => (status === 'none' ? 'unknown' : status);
