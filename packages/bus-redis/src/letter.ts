import {
  busErrors,
  type DeadLetter,
  deadLetterBody,
  maxBodyBytes,
  storableText,
  truncatedBodyBytes,
} from '@emporium/bus';
import { type DeadLetterReason, deadLetterFacts, textFrom } from '@emporium/bus/transport';
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

/** Whatever the stream holds: third parties may have written into it, and each is taken once. */
export const deadLetterOf = ({ id, type, key, body, letter, position }: Entry): DeadLetter => ({
  id: textFrom(id, 500),
  type: textFrom(type, 500),
  key: textFrom(key, 500),
  ...deadLetterFacts(parsed(letter), { position }),
  ...deadLetterBody(body),
});

/** More than `letterOf` writes. */
const mostLetterBytes = 64 * 1024;

const parsed = (letter: Buffer | undefined): unknown => {
  if (letter === undefined || letter.byteLength > mostLetterBytes) return undefined;
  try {
    return JSON.parse(letter.toString());
  } catch {
    return undefined;
  }
};
