import { catalogue, Fault } from '@emporium/bus';

export const storeErrors = catalogue('store', {
  database_away: { settle: 'pause', message: 'The database cannot be reached' },
  unstorable: { settle: 'dead-letter', message: 'The database cannot store this' },
  conflict: { settle: 'retry', message: 'Transactions kept colliding' },
  undeclared_effect: {
    settle: 'dead-letter',
    message: 'What a handler returned is not declared to follow (reactions.ts of contracts)',
  },
  migration_failed: { settle: 'retry', message: 'The database could not be migrated' },
  transaction_over: {
    settle: 'retry',
    message: 'A statement came after the end of its transaction: await each of them in the work itself',
  },
});

/** Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html that say "not now". */
const awayCodes = /^(08...|57P0[1235]|53[0-4]00|25006|25P0[34]|58030)$/;
const awayErrors =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/;
/** Of pg, pg-pool and Kysely, which have no codes. */
const awayTexts =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|not queryable|after calling end on the pool|driver has already been destroyed|connection has been discarded/;

/** Serialization failure, deadlock, lock not available: the same work may succeed at once. */
const conflictCodes = new Set(['40001', '40P01', '55P03']);

/**
 * Data exceptions (a number out of range, a text in a wrong encoding) and program limits (a key too long for an
 * index): the same data fails at every attempt.
 */
const unstorableCodes = /^(22...|54...)$/;

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

export const isConflict = (error: unknown): boolean =>
  conflictCodes.has(codeOf(error)) || codeOf(error) === 'store.conflict' || isStalePlan(error);

/** A unique key has the value already. */
export const isDuplicate = (error: unknown): boolean => codeOf(error) === '23505';

/** The tables changed under a prepared statement: a new connection prepares it anew. */
export const isStalePlan = (error: unknown): boolean =>
  codeOf(error) === '26000' ||
  (codeOf(error) === '0A000' && error instanceof Error && error.message.includes('cached plan'));

/** Whether it names the unique constraint that was violated. */
export const violates = (error: unknown, constraint: string): boolean =>
  isDuplicate(error) &&
  typeof error === 'object' &&
  error !== null &&
  'constraint' in error &&
  error.constraint === constraint;

/**
 * A lost or refused connection becomes `store.database_away`, data that can never be stored `store.unstorable`; every other
 * error stays what it is.
 */
export const classify = (error: unknown): unknown => {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  if (unstorableCodes.test(code)) return storeErrors.unstorable({ sqlstate: code, cause: error });
  const away =
    awayCodes.test(code) ||
    awayErrors.test(code) ||
    (error instanceof Error && awayTexts.test(error.message));
  return away ? storeErrors.database_away({ cause: error }) : error;
};

export const isAway = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'store.database_away';
