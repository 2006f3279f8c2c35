import { messageOf, type TransportStatus } from '@emporium/bus';

/** What was last seen of the broker. */
export interface Health {
  up(): void;
  away(error: unknown): void;
  status(): TransportStatus;
}

export const createHealth = (): Health => {
  let status: TransportStatus = { state: 'away', reason: 'not connected yet' };
  return {
    up: () => {
      status = { state: 'up' };
    },
    away: (error) => {
      status = { state: 'away', reason: messageOf(error) };
    },
    status: () => status,
  };
};

/**
 * Whether the error says that the server cannot be used now, and not that the statement was wrong. Codes:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html (connection, shutdown and start-up, too many clients).
 */
export const isAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^(08|57P0[1-5]|53300|E[A-Z_]+$|bus\.broker_away$)/.test(code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isAway);
  return code === '' && /terminated|timeout|not queryable|closed|ended/i.test(error.message);
};
