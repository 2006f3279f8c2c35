import type { Log } from '@emporium/bus';
import { createHealth, retryWhileAway, type TransportStatus } from '@emporium/bus/transport';
import type { Config } from './config.ts';
import { isAway } from './errors.ts';
import { createLink, type Link } from './link.ts';
import { createSession, type Session } from './session.ts';

/** What a transport holds of its broker: three connections at most, each made when it is first needed. */
export interface Connection {
  readonly log: Log;
  /** Commits are on disk when they are answered. */
  readonly publishing: Link;
  /** Commits are answered before they are on disk: what a crash of the server takes back is delivered again. */
  readonly settling: Link;
  /** Holds the locks that claims are, listens, and wakes others. */
  readonly session: Session;
  /** Repeats the work while the broker is away, up to the bound; then throws `bus.broker_away`. It must be repeatable. */
  patiently<T>(work: () => Promise<T>): Promise<T>;
  status(): TransportStatus;
  /** From now on nobody waits for a broker that is away. */
  closing(): void;
  close(): Promise<void>;
}

export const createConnection = (config: Config): Connection => {
  const health = createHealth();
  const publishing = createLink({ config, health, purpose: 'publish' });
  const settling = createLink({ config, health, purpose: 'settle', settings: settlingSettings });
  const session = createSession(config, health);
  let closed = false;
  const closing = (): void => {
    closed = true;
  };

  return {
    log: config.log,
    publishing,
    settling,
    session,
    patiently: (work) =>
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
      await Promise.all([publishing.close(), settling.close(), session.close()]);
    },
  };
};

/** Besides the commits: rows are settled by their primary key, whatever the planner believes of a table that was just empty. */
const settlingSettings =
  '-c synchronous_commit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';
