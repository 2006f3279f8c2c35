import { createHash } from 'node:crypto';
import { type HttpReply, problem } from '@emporium/service';
import { z } from 'zod';

/** What the outside world answers: it did it, or it refuses, with a code that clients may decide by. */
export const outcome = z.union([
  z.object({ status: z.int(), body: z.record(z.string(), z.unknown()) }),
  z.object({ status: z.int(), code: z.string(), detail: z.string() }),
]);
export type Outcome = z.output<typeof outcome>;

export const done = (status: number, body: Record<string, unknown>): Outcome => ({ status, body });

export const refused = (status: number, code: string, detail: string): Outcome => ({ status, code, detail });

export const answer = (reply: HttpReply, given: Outcome) => {
  if ('body' in given) return reply.code(given.status).send(given.body);
  throw problem(given.status, given.code.replaceAll('_', '-'), given.detail, {
    members: { code: given.code },
  });
};

/** What a success holds, for descriptions. */
export const answerBody = z.record(z.string(), z.unknown());

/** An outcome that is remembered under its idempotency key, with what it answered. */
export const remembered = z.object({ key: z.string(), request: z.string(), outcome });
export type Remembered = z.output<typeof remembered>;

/** Stands for a request: the same operation with the same body, and only that, gives the same text. */
export const fingerprint = (operation: string, body: unknown): string =>
  createHash('sha256')
    .update(operation)
    .update(JSON.stringify(body ?? null))
    .digest('base64url')
    .slice(0, 22);

export interface Memory {
  /** The answer given under this key before; a refusal when it was given to another request. */
  recall(key: string, request: string): Outcome | undefined;
  remember(given: Remembered): void;
}

export const createMemory = (capacity: number): Memory => {
  const answers = new Map<string, Remembered>();
  return {
    recall: (key, request) => {
      const known = answers.get(key);
      if (known === undefined || known.request === request) return known?.outcome;
      return refused(422, 'idempotency_key_reused', 'This Idempotency-Key was used for another request.');
    },
    remember: (given) => {
      answers.set(given.key, given);
      forgetOldest(answers, capacity);
    },
  };
};

/** Maps keep the order of insertion. */
export const forgetOldest = <T>(map: Map<string, T>, capacity: number): void => {
  const oldest = map.size > capacity ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
};
