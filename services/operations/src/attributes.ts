import { attemptFrom, type DeadLetter, storableText } from '@emporium/bus';
import { storable, textOf } from './storable.ts';

/** The attributes of a dead letter as the database can hold them. */
export interface Attributes {
  readonly identity: { readonly subscription: string; readonly message_id: string };
  readonly failure: { readonly code: string; readonly reason: string; readonly attempts: number };
  readonly type: string;
  readonly key: string;
  readonly position: string | null;
  /** Undefined where the time cannot be read, or no clock could have told it. */
  readonly failedAt: Date | undefined;
  /** JSON: by name, the text of each attribute that could not be kept as it was. Null where all could. */
  readonly odd: string | null;
}

const day = 24 * 60 * 60 * 1_000;
const earliest = Date.UTC(2000, 0);
/** Characters that are kept of an odd attribute. */
const mostOdd = 1_000;
const mostReason = 500;

/** Takes whatever a transport hands over: each attribute is bounded, and kept as text beside where it was odd. Never throws. */
export const attributesOf = (letter: DeadLetter, now: Date): Attributes => {
  const odd: Record<string, string> = {};
  const noted = <Kept>(name: string, given: unknown, kept: Kept, isSame: boolean): Kept => {
    if (!isSame) odd[name] = storableText(textOf(given), mostOdd);
    return kept;
  };
  const text = (name: string, given: unknown): string => {
    const kept = storable(textOf(given));
    return noted(name, given, kept, kept === given);
  };
  const attempts = attemptFrom(letter.attempts);
  const failedAt = timeOf(letter.failedAt, now);
  const attributes = {
    identity: {
      subscription: text('subscription', letter.subscription),
      message_id: text('id', letter.id),
    },
    failure: {
      code: text('code', letter.reason?.code),
      reason: storableText(textOf(letter.reason?.message), mostReason),
      attempts: noted('attempts', letter.attempts, attempts, attempts === letter.attempts),
    },
    type: text('type', letter.type),
    key: text('key', letter.key),
    position: letter.position === undefined ? null : text('position', letter.position),
    failedAt: noted('failedAt', letter.failedAt, failedAt, failedAt !== undefined),
  };
  return { ...attributes, odd: Object.keys(odd).length === 0 ? null : JSON.stringify(odd) };
};

/** Not before this system, and not after tomorrow. */
const timeOf = (given: unknown, now: Date): Date | undefined => {
  const ms = Date.parse(textOf(given).slice(0, 100));
  return ms >= earliest && ms <= now.getTime() + day ? new Date(ms) : undefined;
};
