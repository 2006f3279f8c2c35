import { attemptFrom, textFrom, timeFrom } from '../header-values.ts';
import type { DeadLetter } from '../transport.ts';

/** What a dead letter adds to its message. */
export type DeadLetterFacts = Pick<
  DeadLetter,
  'subscription' | 'reason' | 'attempts' | 'failedAt' | 'position' | 'truncatedFrom'
>;

/**
 * The facts of a dead letter that a broker keeps as one JSON value. Whatever it holds (third parties may write into the channel)
 * they are valid, bounded, and can be stored, so that each dead letter is taken once.
 */
export const deadLetterFacts = (value: unknown, fallback: { readonly position: string }): DeadLetterFacts => {
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
