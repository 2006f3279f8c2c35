import { storableText } from '@emporium/bus';
import type { Money } from '@emporium/contracts';
import type { Outbound } from '@emporium/service';
import type { AuthorisationOutcome } from './domain/authorisation.ts';
import { paymentErrors } from './errors.ts';
import { approvalOf, captureOf, refundOf, refusals, voiding } from './provider-answers.ts';

interface Call {
  /** The same for every repetition. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/**
 * The payment provider. A refusal is a value, and one of those in `provider-answers.ts`; whatever else is answered says nothing
 * of the money, and is thrown as `outbound.…` to be asked again. Every call may be repeated with its key: it holds, takes and
 * gives back once.
 */
export interface PaymentProvider {
  authorise(
    call: Call & { readonly reference: string; readonly total: Money; readonly token: string },
  ): Promise<AuthorisationOutcome>;
  /** All of it. What another call took already counts as captured. */
  capture(
    call: Call & { readonly authorisationId: string; readonly total: Money },
  ): Promise<
    | { readonly kind: 'captured' }
    | { readonly kind: 'expired' }
    | { readonly kind: 'refused'; readonly reason: string }
  >;
  /**
   * By the key of the authorisation, so that it needs no answer to have come: an authorisation that the provider does not
   * know is refused when it comes late. Gives the id of the one that it let go of, if there was one.
   */
  void(call: Call & { readonly authorisationKey: string }): Promise<string | undefined>;
  /** All of it. */
  refund(call: Call & { readonly authorisationId: string; readonly total: Money }): Promise<void>;
}

export const createPaymentProvider = (outbound: Outbound): PaymentProvider => {
  const post = (path: string, body: unknown, { key, signal }: Call) =>
    ({ method: 'POST', path, body, idempotencyKey: key, signal }) as const;

  return {
    authorise: async ({ reference, total, token, ...call }) => {
      const answer = await outbound.request({
        ...post('/payments/authorisations', { amount: total, token, reference }, call),
        success: approvalOf({ reference, total }),
        refusals: refusals.authorise,
      });
      if (answer.kind === 'refused') return { kind: 'declined', reason: answer.code };
      const made = answer.body;
      return made.status === 'approved'
        ? { kind: 'approved', authorisationId: made.id }
        : { kind: 'declined', reason: storableText(made.reason, mostReason) };
    },

    capture: async ({ authorisationId, total, ...call }) => {
      const answer = await outbound.request({
        ...post(pathOf(authorisationId, 'capture'), { amount: total }, call),
        success: captureOf({ authorisationId, total }),
        refusals: refusals.capture,
      });
      if (answer.kind === 'success' || answer.code === 'already_captured') return { kind: 'captured' };
      return answer.code === 'authorisation_expired'
        ? { kind: 'expired' }
        : { kind: 'refused', reason: answer.code };
    },

    void: async ({ authorisationKey, ...call }) => {
      const answer = await outbound.request({
        ...post('/payments/voids', { key: authorisationKey }, call),
        success: voiding,
        refusals: refusals.void,
      });
      if (answer.kind === 'refused') throw paymentErrors.void_refused({ reason: answer.code });
      return answer.body.status === 'voided' ? answer.body.id : undefined;
    },

    refund: async ({ authorisationId, total, ...call }) => {
      const answer = await outbound.request({
        ...post(pathOf(authorisationId, 'refund'), { amount: total }, call),
        success: refundOf({ authorisationId, total }),
        refusals: refusals.refund,
      });
      if (answer.kind === 'refused') throw paymentErrors.refund_refused({ reason: answer.code });
    },
  };
};

/** Of a reason in a contract. */
const mostReason = 500;

const pathOf = (authorisationId: string, operation: string): string =>
  `/payments/authorisations/${encodeURIComponent(authorisationId)}/${operation}`;
