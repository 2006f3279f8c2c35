import { type Failed, isGone, type Outcome } from './outcome.ts';
import { maxRetryAfterMs, nextDelayMs, type Schedule } from './schedule.ts';

/** `pending`: to be attempted. `failed`: the last attempt of its schedule failed. */
export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

/** A delivery after an attempt. */
export interface SettledDelivery {
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** Of a pending one. */
  readonly nextAttemptAt?: Date;
}

/** What becomes of a delivery whose attempt ended `at` this time. `attempts` is how many were made before it. */
export const settleDelivery = (
  outcome: Outcome,
  { attempts: before, at, schedule, random, isOutdated }: Attempted,
): SettledDelivery => {
  const attempts = before + 1;
  if (outcome.kind === 'delivered') return { status: 'delivered', attempts };
  if (isOutdated) return { status: 'pending', attempts: 0, nextAttemptAt: at };
  const delayMs = nextDelayMs(schedule, { attempts, random, retryAfterMs: outcome.retryAfterMs });
  if (delayMs !== undefined)
    return { status: 'pending', attempts, nextAttemptAt: new Date(at.getTime() + delayMs) };
  // A receiver that is gone gets no attempt, and so the last one does not count: the delivery waits until the webhook is enabled.
  return isGone(outcome)
    ? { status: 'pending', attempts: before, nextAttemptAt: at }
    : { status: 'failed', attempts };
};

interface Attempted {
  readonly attempts: number;
  readonly at: Date;
  readonly schedule: Schedule;
  readonly random: number;
  /** The webhook has another URL by now: a failure of the former one means nothing. */
  readonly isOutdated: boolean;
}

/** How the receiver of a webhook does. */
export interface ReceiverState {
  /** The first failure after the last success. */
  readonly failingSince: Date | null;
  /** The receiver asked for no request before this time. */
  readonly throttledUntil: Date | null;
  /** Why it was disabled by itself. */
  readonly disabled?: string;
}

/** How a receiver does after an attempt that ended `at` this time. It is disabled when it is gone, or every attempt failed for too long. */
export const settleReceiver = (
  state: ReceiverState,
  outcome: Outcome,
  { at, disableAfterMs }: { readonly at: Date; readonly disableAfterMs: number },
): ReceiverState => {
  if (outcome.kind === 'delivered') return { ...state, failingSince: null, throttledUntil: null };
  const failingSince = state.failingSince ?? at;
  const failingMs = at.getTime() - failingSince.getTime();
  const disabled = state.disabled ?? whyDisabled(outcome, failingMs, disableAfterMs);
  return {
    failingSince,
    throttledUntil: throttledUntil(outcome, at) ?? state.throttledUntil,
    ...(disabled === undefined ? {} : { disabled }),
  };
};

const whyDisabled = (outcome: Failed, failingMs: number, disableAfterMs: number): string | undefined => {
  if (isGone(outcome)) return outcome.reason;
  if (failingMs < disableAfterMs) return undefined;
  return `every attempt failed for ${days(disableAfterMs)}; at last ${outcome.reason}`;
};

const days = (ms: number): string => {
  const count = Math.round(ms / 86_400_000);
  return count === 1 ? 'a day' : `${count} days`;
};

/** All deliveries wait, since a rate limit concerns the receiver and not one of them. */
const throttledUntil = ({ retryAfterMs }: Failed, at: Date): Date | undefined =>
  retryAfterMs === undefined ? undefined : new Date(at.getTime() + Math.min(retryAfterMs, maxRetryAfterMs));
