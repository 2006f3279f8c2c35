import { messageOf } from '@emporium/bus';
import type { Money } from '@emporium/contracts';
import type { Outbound } from '@emporium/service';
import type { AuthorisationOutcome } from './domain/authorisation.ts';
import type { RefundOutcome, RefundRequest } from './domain/refund.ts';
import { paymentErrors } from './errors.ts';
import { approvalOf, captureOf, ledgerOf, refundOf, refusals, voidResponse } from './provider-responses.ts';

interface Call {
  /** The idempotency key; the same for every attempt. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/**
 * A refusal listed in `provider-responses.ts` is returned as a value. Any other unsuccessful response is thrown as an
 * `outbound.…` error and retried, since the money may have moved. Calls are idempotent by `key`.
 */
export interface PaymentProvider {
  authorise(
    call: Call & { readonly reference: string; readonly total: Money; readonly token: string },
  ): Promise<AuthorisationOutcome>;
  /** Captures the whole amount. An amount that was captured before counts as a success. */
  capture(
    call: Call & { readonly authorisationId: string; readonly total: Money },
  ): Promise<
    | { readonly kind: 'captured' }
    | { readonly kind: 'expired' }
    | { readonly kind: 'refused'; readonly reason: string }
  >;
  /**
   * Voids by the key of the authorisation, which works even if the response with its id was lost. If the provider does not
   * know the key yet, it declines a later authorisation. Returns the id of the authorisation, if there was one.
   */
  void(call: Call & { readonly reference: string; readonly authorisationKey: string }): Promise<
    | { readonly kind: 'voided'; readonly authorisationId?: string | undefined }
    /** It was captured before. */
    | { readonly kind: 'captured'; readonly authorisationId: string }
  >;
  /** Refunds this amount, which may be a part of what was captured. */
  refund(call: Call & RefundRequest): Promise<RefundOutcome>;
}

export const createPaymentProvider = (outbound: Outbound): PaymentProvider => {
  const post = (path: string, body: unknown, { key, signal }: Call) =>
    ({ method: 'POST', path, body, idempotencyKey: key, signal }) as const;

  /** Looks up the authorisation with this key, which was captured. */
  const capturedIdOf = async (reference: string, key: string, signal: AbortSignal): Promise<string> => {
    const response = await outbound.request({
      method: 'GET',
      path: `/payments/ledger?reference=${encodeURIComponent(reference)}`,
      signal,
      success: ledgerOf(reference),
      refusals: {},
    });
    const lines = response.kind === 'success' ? response.body.authorisations : [];
    const found = lines.find((line) => line.key === key && line.status === 'captured');
    if (found === undefined) throw paymentErrors.capture_not_shown({ reference });
    return found.id;
  };

  return {
    authorise: async ({ reference, total, token, ...call }) => {
      const response = await outbound.request({
        ...post('/payments/authorisations', { amount: total, token, reference }, call),
        success: approvalOf({ reference, total }),
        refusals: refusals.authorise,
      });
      if (response.kind === 'refused') return { kind: 'declined', reason: response.code };
      const { body } = response;
      return body.status === 'approved'
        ? { kind: 'approved', authorisationId: body.id }
        : { kind: 'declined', reason: messageOf(body.reason) };
    },

    capture: async ({ authorisationId, total, ...call }) => {
      const response = await outbound.request({
        ...post(pathOf(authorisationId, 'capture'), { amount: total }, call),
        success: captureOf({ authorisationId, total }),
        refusals: refusals.capture,
      });
      if (response.kind === 'success' || response.code === 'already_captured') return { kind: 'captured' };
      return response.code === 'authorisation_expired'
        ? { kind: 'expired' }
        : { kind: 'refused', reason: response.code };
    },

    void: async ({ reference, authorisationKey, ...call }) => {
      const response = await outbound.request({
        ...post('/payments/voids', { key: authorisationKey }, call),
        success: voidResponse,
        refusals: refusals.void,
      });
      if (response.kind === 'success') {
        const { id, status } = response.body;
        return { kind: 'voided', authorisationId: status === 'voided' ? id : undefined };
      }
      if (response.code !== 'already_captured') throw paymentErrors.void_refused({ reason: response.code });
      return {
        kind: 'captured',
        authorisationId: await capturedIdOf(reference, authorisationKey, call.signal),
      };
    },

    refund: async ({ authorisationId, amount, ...call }) => {
      const response = await outbound.request({
        ...post(pathOf(authorisationId, 'refund'), { amount }, call),
        success: refundOf({ authorisationId, total: amount }),
        refusals: refusals.refund,
      });
      return response.kind === 'refused' ? { kind: 'refused', reason: response.code } : { kind: 'refunded' };
    },
  };
};

const pathOf = (authorisationId: string, operation: string): string =>
  `/payments/authorisations/${encodeURIComponent(authorisationId)}/${operation}`;
