import { z } from 'zod';
import { storedOutcome } from '../idempotency-store.ts';

export const money = z.object({
  amount: z.int().min(0).max(1_000_000_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code of three capitals'),
});
export type Money = z.output<typeof money>;

/** Amounts are in minor units, times in milliseconds since 1970. */
const authorisation = z.object({
  id: z.string(),
  key: z.string(),
  reference: z.string(),
  token: z.string(),
  amount: z.int(),
  currency: z.string(),
  status: z.enum(['authorised', 'declined', 'captured', 'voided']),
  reason: z.string().optional(),
  createdAt: z.int(),
  expiresAt: z.int(),
  captureId: z.string().optional(),
  captured: z.int(),
  refunded: z.int(),
});
export type Authorisation = z.output<typeof authorisation>;

/** A line of the journal: the new state of an authorisation with the outcome to store, or a tombstone. */
export const entry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('change'), authorisation, answer: storedOutcome.optional() }),
  z.object({ type: z.literal('tombstone'), key: z.string() }),
]);
export type Entry = z.output<typeof entry>;

/** An authorisation in the ledger. `held` is the amount that a valid authorisation reserves. */
export const ledgerLine = z.object({
  id: z.string(),
  key: z.string(),
  reference: z.string(),
  status: z.enum(['authorised', 'declined', 'captured', 'voided', 'expired']),
  reason: z.string().optional(),
  currency: z.string(),
  authorised: z.int(),
  held: z.int(),
  captured: z.int(),
  refunded: z.int(),
  voided: z.int(),
  createdAt: z.string(),
});
export type LedgerLine = z.output<typeof ledgerLine>;
