import { truncatedBodyBytes } from '@emporium/bus';
import { type DeadLetterReason, storedFacts } from '@emporium/bus/transport';
import type { Entry } from './entry.ts';

/** What an entry becomes among the dead letters. */
interface DeadLetterFields {
  /** In JSON. */
  readonly facts: string;
  /** How many bytes of the body are kept; -1: all. */
  readonly keep: number;
}

export const deadLetterFields = (
  subscription: string,
  { attempt, position, body }: Entry,
  reason: DeadLetterReason,
): DeadLetterFields => {
  const facts = storedFacts({ subscription, attempt, position, size: body.byteLength }, reason);
  return {
    facts: JSON.stringify({ ...facts, failedAt: new Date().toISOString() }),
    keep: facts.truncatedFrom === undefined ? -1 : truncatedBodyBytes,
  };
};
