import { messageOf } from '../../errors.ts';
import type { TransportStatus } from '../../transport.ts';

/** The last known state of the broker. */
export interface Health {
  up(): void;
  away(error: unknown): void;
  /** Connected, but the broker accepts no publishes. */
  blocked(error: unknown): void;
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
    blocked: (error) => {
      status = { state: 'blocked', reason: messageOf(error) };
    },
    status: () => status,
  };
};
