import type { Fault } from '../faults.ts';

export interface TokenBehaviour {
  /** The reason if authorisations are declined. */
  readonly declineReason?: string;
  /** The fault of authorisations; `times` counts the calls with the same idempotency key. */
  readonly fault?: Fault & { readonly times: number };
  /** The number of captures per authorisation that are rejected. */
  readonly captureRefusals: number;
  /** The number of refunds per authorisation that are rejected. */
  readonly refundRefusals: number;
  /** The number of authorisations per reference that expire at once. */
  readonly expiries: number;
}

const normal: TokenBehaviour = { captureRefusals: 0, refundRefusals: 0, expiries: 0 };

/**
 * `tok_ok…` and `tok_visa…` are approved, unknown tokens are declined. A number at the end of a faulty token is the number of
 * times, or of milliseconds: `tok_capture_fails_2`, `tok_stall_500`.
 */
export const behaviourOf = (token: string): TokenBehaviour => {
  const [, name = token, digits] = /^(tok_[a-z_]*[a-z])(?:_(\d{1,6}))?$/.exec(token) ?? [];
  const number = digits === undefined ? undefined : Number(digits);
  switch (name) {
    case 'tok_declined':
      return { ...normal, declineReason: 'card_declined' };
    case 'tok_insufficient':
      return { ...normal, declineReason: 'insufficient_funds' };
    case 'tok_stall':
      return { ...normal, fault: { mode: 'stall', times: Infinity, delayMs: number } };
    case 'tok_busy':
      return { ...normal, fault: { mode: 'busy', times: Infinity, delayMs: number } };
    case 'tok_error':
      return { ...normal, fault: { mode: 'error', times: number ?? Infinity } };
    case 'tok_charge_then_timeout':
      return { ...normal, fault: { mode: 'timeout', times: number ?? 1 } };
    case 'tok_capture_fails':
      return { ...normal, captureRefusals: number ?? Infinity };
    case 'tok_refund_fails':
      return { ...normal, refundRefusals: number ?? Infinity };
    case 'tok_expires':
      return { ...normal, expiries: number ?? Infinity };
    default:
      return /^tok_(ok|visa)/.test(token) ? normal : { ...normal, declineReason: 'unknown_token' };
  }
};
