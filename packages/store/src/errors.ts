import { catalogue, Fault } from '@emporium/bus';

export const storeErrors = catalogue('store', {
  database_away: { settle: 'pause', message: 'The database cannot be reached' },
  conflict: { settle: 'retry', message: 'Transactions kept colliding' },
  migration_failed: { settle: 'retry', message: 'The database could not be migrated' },
});

/** Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html that say "not now". */
const awayCodes = /^(08...|57P0[123]|53[0-4]00|25P0[34]|58030)$/;
const awayErrors = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)$/;
const awayTexts =
  /Connection terminated|timeout exceeded when trying to connect|not queryable|connection error/;

/** Serialization failure, deadlock, lock not available: the same work may succeed at once. */
const conflictCodes = new Set(['40001', '40P01', '55P03']);

export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

export const isConflict = (error: unknown): boolean => conflictCodes.has(codeOf(error));

/** Whether it names the unique constraint that was violated. */
export const violates = (error: unknown, constraint: string): boolean =>
  codeOf(error) === '23505' &&
  typeof error === 'object' &&
  error !== null &&
  'constraint' in error &&
  error.constraint === constraint;

/** A lost or refused connection becomes `store.database_away`; every other error stays what it is. */
export const classify = (error: unknown): unknown => {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  const away =
    awayCodes.test(code) ||
    awayErrors.test(code) ||
    (error instanceof Error && awayTexts.test(error.message));
  return away ? storeErrors.database_away({ cause: error }) : error;
};
