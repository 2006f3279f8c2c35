import { createHash } from 'node:crypto';
import { sql, type Transaction } from 'kysely';

/** What an HTTP handler answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface IdempotentRequest {
  /** Customer and route: the same key of another customer is another key. */
  readonly scope: string;
  /** The `Idempotency-Key` header. */
  readonly key: string;
  /** As parsed; its canonical JSON is hashed. */
  readonly body: unknown;
}

export type IdempotentOutcome =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly replayed: boolean }
  /** The key was used with another body: 422. */
  | { readonly kind: 'mismatch' }
  /** A request with this key is being worked on: 409. */
  | { readonly kind: 'in-use' };

/**
 * Answers a repeated request with the first answer, stored in the transaction of the work itself. An answer is kept for 24
 * hours; work that throws stores none.
 */
export const idempotent = async <DB>(
  tx: Transaction<DB>,
  { scope, key, body }: IdempotentRequest,
  work: () => Promise<Answer>,
): Promise<IdempotentOutcome> => {
  const bodyHash = createHash('sha256').update(canonical(body)).digest('base64url');
  const { rows } = await sql<{ free: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`${scope} ${key}`}, 0)) as free`.execute(tx);
  if (rows[0]?.free !== true) return { kind: 'in-use' };
  const known = await sql<{ body_hash: string; status: number; response: Omit<Answer, 'status'> }>`
    select body_hash, status, response from idempotency_key where scope = ${scope} and key = ${key}`.execute(
    tx,
  );
  const first = known.rows[0];
  if (first !== undefined) {
    if (first.body_hash !== bodyHash) return { kind: 'mismatch' };
    return { kind: 'answered', answer: { status: first.status, ...first.response }, replayed: true };
  }
  const answer = await work();
  const { status, ...response } = answer;
  await sql`
    insert into idempotency_key (scope, key, body_hash, status, response)
    values (${scope}, ${key}, ${bodyHash}, ${status}, ${JSON.stringify(response)}::json)`.execute(tx);
  return { kind: 'answered', answer, replayed: false };
};

/** JSON with sorted keys: the same request, however its fields are ordered. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  ) ?? '';
