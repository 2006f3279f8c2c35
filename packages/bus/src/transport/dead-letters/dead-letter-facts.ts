import { busErrors, messageOf } from '../../errors.ts';
import { type DeadLetter, type DeadLetterReason, maxBodyBytes } from '../../transport.ts';
import { attemptFrom, textFrom, timeFrom } from '../header-values.ts';

/** What a dead letter adds to its message. */
export type DeadLetterFacts = Pick<
  DeadLetter,
  'subscription' | 'reason' | 'attempts' | 'failedAt' | 'position' | 'truncatedFrom'
>;

/** The facts as a broker stores them, in one JSON value. The broker adds `failedAt`. */
export interface StoredFacts {
  readonly subscription: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly position: string;
  /** Present if only the first `truncatedBodyBytes` of the body are stored. */
  readonly truncatedFrom?: number;
}

interface Failed {
  readonly subscription: string;
  readonly attempt: number;
  readonly position: string;
  /** The size of the whole body, in bytes. */
  readonly size: number;
}

/** A body over `maxBodyBytes` is the reason itself, whatever else failed. */
export const storedFacts = (
  { subscription, attempt, position, size }: Failed,
  reason: DeadLetterReason,
): StoredFacts => {
  const isTooBig = size > maxBodyBytes;
  const { code, message } = isTooBig
    ? busErrors.message_too_big({ bytes: size, limit: maxBodyBytes })
    : reason;
  return {
    subscription,
    code,
    message: messageOf(message),
    attempts: attempt,
    position,
    ...(isTooBig ? { truncatedFrom: size } : {}),
  };
};

/**
 * Reads stored facts. Third parties may have written them: whatever the value is, the result is valid, bounded and can be stored,
 * so that each dead letter is consumed once.
 */
export const readFacts = (value: unknown, fallback: { readonly position: string }): DeadLetterFacts => {
  const found: Readonly<Record<string, unknown>> =
    typeof value === 'object' && value !== null ? { ...value } : {};
  const text = (name: string, max: number): string => textFrom(found[name], max);
  const size = found['truncatedFrom'];
  return {
    subscription: text('subscription', 200) || 'unknown',
    reason: {
      code: text('code', 100) || 'bus.no_reason',
      message: text('message', 500) || 'It was among the dead letters without a reason',
    },
    attempts: attemptFrom(found['attempts']),
    failedAt: timeFrom(found['failedAt']),
    position: text('position', 500) || textFrom(fallback.position, 500),
    ...(typeof size === 'number' && Number.isSafeInteger(size) && size > 0 ? { truncatedFrom: size } : {}),
  };
};
