import { attemptFrom, type DeadLetter, storableText } from '@emporium/bus';
import { storable, textOf } from './storable.ts';

/** The attributes of a dead letter in a form that the database can store. */
export interface Attributes {
  readonly identity: { readonly subscription: string; readonly message_id: string };
  readonly failure: { readonly code: string; readonly reason: string; readonly attempts: number };
  readonly type: string;
  readonly key: string;
  readonly position: string | null;
  /** Undefined when the time is unreadable or implausible. */
  readonly failedAt: Date | undefined;
  /** JSON: the original text, by name, of each attribute that had to be changed. Null when none had to be. */
  readonly odd: string | null;
}

const day = 24 * 60 * 60 * 1_000;
const earliest = Date.UTC(2000, 0);
const maxOddCharacters = 1_000;
const maxReasonCharacters = 500;

/** Bounds every attribute, of whatever type the transport passed it. Never throws. */
export const attributesOf = (deadLetter: DeadLetter, now: Date): Attributes => {
  const odd: Record<string, string> = {};
  const noted = <Stored>(name: string, given: unknown, stored: Stored, isSame: boolean): Stored => {
    if (!isSame) odd[name] = storableText(textOf(given), maxOddCharacters);
    return stored;
  };
  const text = (name: string, given: unknown): string => {
    const stored = storable(textOf(given));
    return noted(name, given, stored, stored === given);
  };
  const attempts = attemptFrom(deadLetter.attempts);
  const failedAt = plausibleTime(deadLetter.failedAt, now);
  const attributes = {
    identity: {
      subscription: text('subscription', deadLetter.subscription),
      message_id: text('id', deadLetter.id),
    },
    failure: {
      code: text('code', deadLetter.reason?.code),
      reason: storableText(textOf(deadLetter.reason?.message), maxReasonCharacters),
      attempts: noted('attempts', deadLetter.attempts, attempts, attempts === deadLetter.attempts),
    },
    type: text('type', deadLetter.type),
    key: text('key', deadLetter.key),
    position: deadLetter.position === undefined ? null : text('position', deadLetter.position),
    failedAt: noted('failedAt', deadLetter.failedAt, failedAt, failedAt !== undefined),
  };
  return { ...attributes, odd: Object.keys(odd).length === 0 ? null : JSON.stringify(odd) };
};

/** A time between the year 2000 and tomorrow. */
const plausibleTime = (given: unknown, now: Date): Date | undefined => {
  const ms = Date.parse(textOf(given).slice(0, 100));
  return ms >= earliest && ms <= now.getTime() + day ? new Date(ms) : undefined;
};
