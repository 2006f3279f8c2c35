import type { Money } from '@emporium/contracts';
import { type Outbound, type OutboundAnswer, type OutboundRequest, outboundErrors } from '@emporium/service';
import { z } from 'zod';
import type { AuthorisationOutcome } from './domain/authorisation.ts';
import { paymentErrors } from './errors.ts';

interface Call {
  /** The same for every repetition. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/**
 * The payment provider. A refusal is a value; what may be better later is thrown as `outbound.…`. Every call may be repeated
 * with its key: it holds, takes and gives back once.
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

const authorisation = z.discriminatedUnion('status', [
  z.object({ status: z.literal('approved'), id: z.string().min(1) }),
  z.object({ status: z.literal('declined'), reason: z.string().min(1).default('declined') }),
]);
const voided = z.object({ id: z.string().optional(), status: z.enum(['voided', 'declined']) });
const refusal = z.object({ code: z.string().min(1) });

export const createPaymentProvider = (outbound: Outbound): PaymentProvider => {
  const post = (path: string, body: unknown, { key, signal }: Call): Promise<OutboundAnswer> => {
    const request: OutboundRequest = { method: 'POST', path, body, idempotencyKey: key, signal };
    return outbound.request(request);
  };

  return {
    authorise: async ({ reference, total, token, ...call }) => {
      const body = { amount: total, token, reference };
      const answer = await post('/payments/authorisations', body, call);
      if (!isSuccess(answer)) return { kind: 'declined', reason: reasonOf(answer) };
      const made = read(authorisation, answer);
      return made.status === 'approved'
        ? { kind: 'approved', authorisationId: made.id }
        : { kind: 'declined', reason: made.reason.slice(0, 500) };
    },

    capture: async ({ authorisationId, total, ...call }) => {
      const answer = await post(pathOf(authorisationId, 'capture'), { amount: total }, call);
      if (isSuccess(answer)) return { kind: 'captured' };
      const reason = reasonOf(answer);
      if (reason === 'already_captured') return { kind: 'captured' };
      return reason === 'authorisation_expired' ? { kind: 'expired' } : { kind: 'refused', reason };
    },

    void: async ({ authorisationKey, ...call }) => {
      const answer = await post('/payments/voids', { key: authorisationKey }, call);
      if (!isSuccess(answer)) throw paymentErrors.void_refused({ reason: reasonOf(answer) });
      const { id, status } = read(voided, answer);
      return status === 'voided' ? id : undefined;
    },

    refund: async ({ authorisationId, total, ...call }) => {
      const answer = await post(pathOf(authorisationId, 'refund'), { amount: total }, call);
      if (!isSuccess(answer)) throw paymentErrors.refund_refused({ reason: reasonOf(answer) });
    },
  };
};

const pathOf = (authorisationId: string, operation: string): string =>
  `/payments/authorisations/${encodeURIComponent(authorisationId)}/${operation}`;

const isSuccess = ({ status }: OutboundAnswer): boolean => status >= 200 && status < 300;

/** The code of a refusal. A 400 is none: then we asked for something that makes no sense. */
const reasonOf = ({ status, body }: OutboundAnswer): string => {
  if (status === 400) throw outboundErrors.unexpected({ status, code: codeOf(body) });
  return codeOf(body) ?? `refused with ${status}`;
};

const codeOf = (body: unknown): string | undefined => refusal.safeParse(body).data?.code.slice(0, 500);

const read = <S extends z.ZodType>(schema: S, { status, body }: OutboundAnswer): z.output<S> => {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw outboundErrors.unexpected({ status, cause: result.error });
};
