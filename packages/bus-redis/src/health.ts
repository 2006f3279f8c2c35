import { messageOf, type TransportStatus } from '@emporium/bus';

/** What was last seen of the broker. */
export interface Health {
  up(): void;
  away(error: unknown): void;
  /** Connected, and it takes no publishes. */
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

/** The server has no room, cannot write its file, or has too few replicas: it takes no writes until somebody sees to it. */
export const isBlocked = (error: unknown): boolean =>
  error instanceof Error && isReply(error) && /^(OOM|MISCONF|NOREPLICAS) /.test(error.message);

/** The server cannot be used now: not connected, starting, a replica, or busy with a script. */
export const isAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (isReply(error)) return /^(LOADING|READONLY|MASTERDOWN|BUSY|CLUSTERDOWN|TRYAGAIN) /.test(error.message);
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code)) return true;
  return /Connection is closed|isn't writeable|timed out|max retries per request/i.test(error.message);
};

/** The stream or its group is not there: never declared, or removed, perhaps under a read that waited. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error && isReply(error) && /^(NOGROUP |UNBLOCKED the stream key)/.test(error.message);

const isReply = (error: Error): boolean => error.name === 'ReplyError';
