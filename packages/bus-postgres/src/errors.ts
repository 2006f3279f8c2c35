/**
 * Whether the connection can no longer be used: it was lost, or the server shuts down, starts, has too many clients, is a standby,
 * or has no such database at the moment. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const isLost = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (/^(08|57P0[1-5]|53300|25006|3D000|E[A-Z_]+$|bus\.broker_away$)/.test(code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isLost);
  return code === '' && /terminated|timeout|not queryable|closed|ended/i.test(error.message);
};

/** Whether the server is unavailable, and the statement may succeed later. Includes a full disk and memory. */
export const isAway = (error: unknown): boolean => isLost(error) || /^53/.test(codeOf(error));

/** Whether a table, a function or the whole schema is missing. */
export const isMissing = (error: unknown): boolean => /^(42P01|42883|3F000)$/.test(codeOf(error));

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
