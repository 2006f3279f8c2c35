import type { Log } from '@emporium/bus';
import { createHealth, queuesTimeoutMs, retryWhileAway, type TransportStatus } from '@emporium/bus/transport';
import { type Client, createClient } from './client.ts';
import type { Config } from './config.ts';
import { isAway } from './errors.ts';
import { createSession, type Session } from './session.ts';

/** A transport's connections to its server: four at most, each opened when it is first needed. */
export interface Connection {
  readonly log: Log;
  /** Its commits are on disk when the server confirms them. */
  readonly publishing: Client;
  /** Its commits are confirmed before they are on disk: settlements that a crash of the server loses mean a redelivery. */
  readonly settling: Client;
  /** Counts what waits: a count that takes long delays nothing else, and is cancelled by the server. */
  readonly reading: Client;
  /** Locks messages, listens, and notifies other instances. */
  readonly session: Session;
  /** Retries the work while the server is away, up to `timeoutMs`; then throws `bus.broker_away`. The work must be idempotent. */
  retryWhileAway<T>(work: () => Promise<T>): Promise<T>;
  status(): TransportStatus;
  /** From now on nothing waits for a server that is away. */
  closing(): void;
  close(): Promise<void>;
}

export const createConnection = (config: Config): Connection => {
  const health = createHealth();
  const publishing = createClient({ config, health, purpose: 'publish' });
  const settling = createClient({ config, health, purpose: 'settle', settings: settlingSettings });
  const reading = createClient({ config, health, purpose: 'read', settings: readingSettings });
  const session = createSession(config, health);
  let closed = false;
  const closing = (): void => {
    closed = true;
  };

  return {
    log: config.log,
    publishing,
    settling,
    reading,
    session,
    retryWhileAway: (work) =>
      retryWhileAway(work, {
        timeoutMs: config.timeoutMs,
        isAway,
        isClosed: () => closed,
        detailsOf: (cause) => ({ broker: 'postgres', cause }),
      }),
    status: () => (closed ? { state: 'away', reason: 'closed' } : health.status()),
    closing,
    close: async () => {
      closing();
      await Promise.all([publishing.close(), settling.close(), reading.close(), session.close()]);
    },
  };
};

/** Indexes are read up to a limit: a plan for a whole table would count it first. */
const readingSettings = `-c statement_timeout=${queuesTimeoutMs} -c enable_seqscan=off -c enable_bitmapscan=off`;

/** Without these plans, rows are settled by their primary key even if the planner's statistics are of an empty table. */
const settlingSettings =
  '-c synchronous_commit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';
