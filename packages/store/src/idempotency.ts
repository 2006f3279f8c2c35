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

/** What is known of a request before it is handled. */
export type Recalled = IdempotentOutcome | { readonly kind: 'new' };

/**
 * Answers a repeated request with the first answer, stored in the transaction of the work itself. An answer is kept for 24
 * hours; work that throws stores none.
 */
export const idempotent = async <DB>(
  tx: Transaction<DB>,
  request: IdempotentRequest,
  work: () => Promise<Answer>,
): Promise<IdempotentOutcome> => {
  const [recalled] = await recall(tx, [request]);
  if (recalled !== undefined && recalled.kind !== 'new') return recalled;
  const answer = await work();
  await remember(tx, [{ request, answer }]);
  return { kind: 'answered', answer, replayed: false };
};

/**
 * What is known of each request, in their order. The keys of new ones are this transaction's until it ends: of several with
 * one key the first is new, and the others are in use.
 */
export const recall = async <DB>(
  tx: Transaction<DB>,
  requests: readonly IdempotentRequest[],
): Promise<readonly Recalled[]> => {
  if (requests.length === 0) return [];
  const names = requests.map(nameOf);
  const locks = await sql<{ free: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(name, 0)) as free
    from unnest(${names}::text[]) with ordinality as wanted (name, place) order by place`.execute(tx);
  // A statement of its own: it sees what was committed before the lock was acquired.
  const { rows } = await sql<Remembered>`
    select known.* from unnest(
      ${requests.map(({ scope }) => scope)}::text[],
      ${requests.map(({ key }) => key)}::text[]
    ) as wanted (scope, key) cross join lateral (
      select scope, key, body_hash, status, response from idempotency_key as stored
      where stored.scope = wanted.scope and stored.key = wanted.key limit 1
    ) as known`.execute(tx);
  const known = new Map(rows.map((row) => [nameOf(row), row]));
  return requests.map((request, index) => {
    const name = names[index] ?? '';
    const first = known.get(name);
    if (first === undefined) {
      const isFree = locks.rows[index]?.free === true && names.indexOf(name) === index;
      return { kind: isFree ? 'new' : 'in-use' };
    }
    if (first.body_hash !== hashOf(request)) return { kind: 'mismatch' };
    return { kind: 'answered', answer: { status: first.status, ...first.response }, replayed: true };
  });
};

/** Stores the first answers to requests that were new to `recall` in this transaction. */
export const remember = async <DB>(
  tx: Transaction<DB>,
  answered: readonly { readonly request: IdempotentRequest; readonly answer: Answer }[],
): Promise<void> => {
  if (answered.length === 0) return;
  await sql`
    insert into idempotency_key (scope, key, body_hash, status, response)
    select * from unnest(
      ${answered.map(({ request }) => request.scope)}::text[],
      ${answered.map(({ request }) => request.key)}::text[],
      ${answered.map(({ request }) => hashOf(request))}::text[],
      ${answered.map(({ answer }) => answer.status)}::integer[],
      ${answered.map(({ answer: { status: _, ...response } }) => JSON.stringify(response))}::json[]
    )`.execute(tx);
};

interface Remembered extends Pick<IdempotentRequest, 'scope' | 'key'> {
  readonly body_hash: string;
  readonly status: number;
  readonly response: Omit<Answer, 'status'>;
}

const nameOf = ({ scope, key }: Pick<IdempotentRequest, 'scope' | 'key'>): string => `${scope} ${key}`;

const hashOf = ({ body }: IdempotentRequest): string =>
  createHash('sha256').update(canonical(body)).digest('base64url');

/** JSON with sorted keys: the same request, however its fields are ordered. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  ) ?? '';
