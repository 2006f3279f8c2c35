/**
 * Whether the error says that this connection is of no use any more: lost, to a server that shuts down or starts, has too many
 * clients or no such database just now, or is a standby. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const isLost = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (/^(08|57P0[1-5]|53300|25006|3D000|E[A-Z_]+$|bus\.broker_away$)/.test(code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isLost);
  return code === '' && /terminated|timeout|not queryable|closed|ended/i.test(error.message);
};

/** Whether the server cannot be used now, and the statement was not wrong: besides, it has no disk or no memory left. */
export const isAway = (error: unknown): boolean => isLost(error) || /^53/.test(codeOf(error));

/** A table, function or the whole schema is not there. */
export const isMissing = (error: unknown): boolean => /^(42P01|42883|3F000)$/.test(codeOf(error));

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
