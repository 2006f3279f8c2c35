import type { Money } from '@emporium/contracts';
import { z } from 'zod';

/**
 * Every refusal that decides something, by operation, status and code. An answer that is not here, nor a success as below, is
 * no refusal: the money may be held or taken all the same.
 */
export const refusals = {
  /** Most declined authorisations are a success with `status: 'declined'`. */
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

/** Printable, so that it can be kept, compared and put into a path. */
const id = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 visible characters');

/** Where the provider repeats what it was asked for, it has to be just that. */
const same = (wanted: string) => z.literal(wanted).optional();
const sameAmount = ({ amount, currency }: Money) =>
  z.object({ amount: z.literal(amount), currency: z.literal(currency) }).optional();

export const approvalOf = ({ reference, total }: { readonly reference: string; readonly total: Money }) => {
  const asked = { reference: same(reference), amount: sameAmount(total) };
  return z.discriminatedUnion('status', [
    z.object({ status: z.literal('approved'), id, ...asked }),
    z.object({ status: z.literal('declined'), id: id.optional(), reason: z.string().min(1), ...asked }),
  ]);
};

interface OfAuthorisation {
  readonly authorisationId: string;
  readonly total: Money;
}

export const captureOf = ({ authorisationId, total }: OfAuthorisation) =>
  z.object({
    status: z.literal('captured'),
    id,
    authorisationId: same(authorisationId),
    amount: sameAmount(total),
  });

export const refundOf = ({ authorisationId, total }: OfAuthorisation) =>
  z.object({
    status: z.literal('refunded'),
    id,
    authorisationId: same(authorisationId),
    amount: sameAmount(total),
  });

/** Without an id where the provider knew of no authorisation; declined where there was nothing to let go of. */
export const voiding = z.object({ id: id.optional(), status: z.enum(['voided', 'declined']) });
