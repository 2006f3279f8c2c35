import { fieldProblem, problem } from '@emporium/service';
import type { IdempotentOutcome } from '@emporium/store';

/** The `Idempotency-Key` header, where there is one. */
export const idempotencyKeyOf = (header: string | readonly string[] | undefined): string | undefined => {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  throw fieldProblem(400, 'invalid-request', [
    { field: 'headers.idempotency-key', message: 'must be 1 to 255 visible characters' },
  ]);
};

/** Why a request with an `Idempotency-Key` was not answered. */
export const idempotencyProblem = (kind: Exclude<IdempotentOutcome['kind'], 'answered'>) =>
  kind === 'mismatch'
    ? problem(422, 'idempotency-mismatch', 'This Idempotency-Key was used with another body.')
    : problem(409, 'idempotency-in-use', 'A request with this Idempotency-Key is in progress.');
