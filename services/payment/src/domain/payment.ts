import type { Money } from '@emporium/contracts';

/** The payment of one order. */
export type Payment =
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

/** What the asker is told. */
export type Answer =
  | { readonly kind: 'authorised'; readonly total: Money }
  | { readonly kind: 'declined'; readonly reason: string }
  | { readonly kind: 'captured'; readonly total: Money }
  | { readonly kind: 'capture-failed'; readonly reason: string }
  | { readonly kind: 'voided' }
  | { readonly kind: 'refunded'; readonly total: Money }
  /** Another answer settles it. */
  | { readonly kind: 'silence' }
  /** Nothing that can be answered: whoever asked this has lost track. */
  | { readonly kind: 'impossible'; readonly why: string };

/** Before the provider is asked: what to ask of it, or what is known without. */
export type Intent<Ask> =
  | { readonly kind: 'ask'; readonly ask: Ask }
  | { readonly kind: 'known'; readonly answer: Answer };

export const ask = <Ask>(asked: Ask): Intent<Ask> => ({ kind: 'ask', ask: asked });
export const known = (answer: Answer): Intent<never> => ({ kind: 'known', answer });

/** After the provider has answered. */
export interface Settlement {
  readonly answer: Answer;
  /** Left out where nothing changes. */
  readonly payment?: Payment;
  readonly entries?: readonly LedgerEntry[];
}
