import type { Fault } from '../faults.ts';

/** How a payment token behaves. */
export interface Behaviour {
  /** The reason to decline with. */
  readonly declines?: string;
  /** What goes wrong while authorising; `times` counts the calls with one idempotency key. */
  readonly fault?: Fault & { readonly times: number };
  /** How many captures of the authorisation are refused. */
  readonly captureRefusals: number;
  /** How many authorisations of a reference are too old as soon as they are made. */
  readonly expiries: number;
}

const fine: Behaviour = { captureRefusals: 0, expiries: 0 };

/**
 * `tok_ok…` and `tok_visa…` are fine. The others misbehave as their names say; a number at the end says how often, or for
 * how many milliseconds: `tok_capture_fails_2`, `tok_stall_500`. What is unknown is declined.
 */
export const behaviourOf = (token: string): Behaviour => {
  const [, name = token, digits] = /^(tok_[a-z_]*[a-z])(?:_(\d{1,6}))?$/.exec(token) ?? [];
  const number = digits === undefined ? undefined : Number(digits);
  switch (name) {
    case 'tok_declined':
      return { ...fine, declines: 'card_declined' };
    case 'tok_insufficient':
      return { ...fine, declines: 'insufficient_funds' };
    case 'tok_stall':
      return {
        ...fine,
        fault: { mode: 'stall', times: Infinity, ...(number === undefined ? {} : { delayMs: number }) },
      };
    case 'tok_busy':
      return {
        ...fine,
        fault: { mode: 'busy', times: Infinity, ...(number === undefined ? {} : { delayMs: number }) },
      };
    case 'tok_error':
      return { ...fine, fault: { mode: 'error', times: number ?? Infinity } };
    case 'tok_charge_then_timeout':
      return { ...fine, fault: { mode: 'timeout', times: number ?? 1 } };
    case 'tok_capture_fails':
      return { ...fine, captureRefusals: number ?? Infinity };
    case 'tok_expires':
      return { ...fine, expiries: number ?? Infinity };
    default:
      return /^tok_(ok|visa)/.test(token) ? fine : { ...fine, declines: 'unknown_token' };
  }
};
