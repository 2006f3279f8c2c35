import type { Money } from '@emporium/contracts';
import { z } from 'zod';

/**
 * The definite refusals, by operation, status and code. Any response that is neither one of these nor a valid success is
 * unclear: the money may have been held or captured.
 */
export const refusals = {
  /** Usually the provider declines with a success of `status: 'declined'`. */
  authorise: { 402: ['card_declined', 'expired_card', 'insufficient_funds', 'unknown_token'] },
  capture: {
    402: ['card_declined', 'expired_card', 'insufficient_funds'],
    409: [
      'already_captured',
      'authorisation_expired',
      'authorisation_voided',
      'authorisation_declined',
      'capture_refused',
    ],
    422: ['amount_too_large'],
  },
  void: { 409: ['already_captured', 'void_refused'] },
  refund: { 409: ['not_captured', 'refund_refused'], 422: ['amount_too_large'] },
} as const;

/** Printable characters only, so that it is safe in the database and in a URL path. */
const id = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 visible characters');

/** A field that repeats the request must match it. */
const same = (requested: string) => z.literal(requested).optional();
const sameAmount = ({ amount, currency }: Money) =>
  z.object({ amount: z.literal(amount), currency: z.literal(currency) }).optional();

export const approvalOf = ({ reference, total }: { readonly reference: string; readonly total: Money }) => {
  const echoed = { reference: same(reference), amount: sameAmount(total) };
  return z.discriminatedUnion('status', [
    z.object({ status: z.literal('approved'), id, ...echoed }),
    z.object({ status: z.literal('declined'), id: id.optional(), reason: z.string().min(1), ...echoed }),
  ]);
};

interface AuthorisedAmount {
  readonly authorisationId: string;
  readonly total: Money;
}

export const captureOf = ({ authorisationId, total }: AuthorisedAmount) =>
  z.object({
    status: z.literal('captured'),
    id,
    authorisationId: same(authorisationId),
    amount: sameAmount(total),
  });

export const refundOf = ({ authorisationId, total }: AuthorisedAmount) =>
  z.object({
    status: z.literal('refunded'),
    id,
    authorisationId: same(authorisationId),
    amount: sameAmount(total),
  });

/** Without an id if the provider knew no authorisation; `declined` if the authorisation had been declined. */
export const voidResponse = z.object({ id: id.optional(), status: z.enum(['voided', 'declined']) });

/** The authorisations of an order. */
export const ledgerOf = (reference: string) =>
  z.object({
    authorisations: z.array(
      z.object({ id, key: z.string(), reference: z.literal(reference), status: z.string() }),
    ),
  });
