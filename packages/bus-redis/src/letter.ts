import {
  attemptFrom,
  busErrors,
  type DeadLetter,
  type DeadLetterReason,
  deadLetterBody,
  maxBodyBytes,
  storableText,
  textFrom,
  timeFrom,
  truncatedBodyBytes,
} from '@emporium/bus';
import type { Entry } from './entry.ts';

/** What a dead letter adds to its message. */
export interface Letter {
  /** In JSON. */
  readonly text: string;
  /** How much of the body is kept, in bytes; -1: all of it. */
  readonly keep: number;
}

export const letterOf = (subscription: string, entry: Entry, reason: DeadLetterReason): Letter => {
  const bytes = entry.body.byteLength;
  const isTooBig = bytes > maxBodyBytes;
  const told = isTooBig ? busErrors.message_too_big({ bytes, limit: maxBodyBytes }) : reason;
  const letter = {
    subscription,
    code: told.code,
    message: storableText(told.message, 500),
    attempts: entry.attempt,
    failedAt: new Date().toISOString(),
    position: entry.position,
    ...(isTooBig ? { truncatedFrom: bytes } : {}),
  };
  return { text: JSON.stringify(letter), keep: isTooBig ? truncatedBodyBytes : -1 };
};

/** Whatever the stream holds: others may have written into it, and each is taken once. */
export const deadLetterOf = ({ id, type, key, body, letter, position }: Entry): DeadLetter => {
  const found = parsed(letter);
  const text = (name: string, max: number): string => textFrom(found[name], max);
  const size = found['truncatedFrom'];
  return {
    id: textFrom(id, 500),
    type: textFrom(type, 500),
    key: textFrom(key, 500),
    subscription: text('subscription', 200) || 'unknown',
    reason: {
      code: text('code', 100) || 'bus.no_reason',
      message: text('message', 500) || 'It was among the dead letters without a reason',
    },
    attempts: attemptFrom(found['attempts']),
    failedAt: timeFrom(found['failedAt']),
    position: text('position', 500) || textFrom(position, 500),
    ...(Number.isSafeInteger(size) ? { truncatedFrom: Number(size) } : {}),
    ...deadLetterBody(body),
  };
};

/** More than `letterOf` writes. */
const mostLetterBytes = 64 * 1024;

const parsed = (letter: Buffer | undefined): Readonly<Record<string, unknown>> => {
  if (letter === undefined || letter.byteLength > mostLetterBytes) return {};
  try {
    const value: unknown = JSON.parse(letter.toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};
