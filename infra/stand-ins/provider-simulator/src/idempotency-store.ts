import { createHash } from 'node:crypto';
import { z } from 'zod';
import { evictOldest } from './evict-oldest.ts';
import { type Outcome, outcome, rejected } from './outcome.ts';

/** The outcome of the first request with an idempotency key. `request` is its fingerprint. */
export const storedOutcome = z.object({ key: z.string(), request: z.string(), outcome });
export type StoredOutcome = z.output<typeof storedOutcome>;

export interface IdempotencyStore {
  /** Returns the outcome stored under the key; a rejection if it belongs to another request. */
  find(key: string, request: string): Outcome | undefined;
  save(stored: StoredOutcome): void;
}

export const createIdempotencyStore = (capacity: number): IdempotencyStore => {
  const outcomes = new Map<string, StoredOutcome>();
  return {
    find: (key, request) => {
      const stored = outcomes.get(key);
      if (stored === undefined || stored.request === request) return stored?.outcome;
      return rejected(422, 'idempotency_key_reused', 'This Idempotency-Key was used for another request.');
    },
    save: (stored) => {
      outcomes.set(stored.key, stored);
      evictOldest(outcomes, capacity);
    },
  };
};

/** Identifies a request: equal only for the same operation with the same body. */
export const fingerprint = (operation: string, body: unknown): string =>
  createHash('sha256')
    .update(operation)
    .update(JSON.stringify(body ?? null))
    .digest('base64url')
    .slice(0, 22);
