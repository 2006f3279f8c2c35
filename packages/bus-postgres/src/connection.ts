import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, type Log, type TransportStatus } from '@emporium/bus';
import type { Config } from './config.ts';
import { createHealth, isAway } from './health.ts';
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
  close(): Promise<void>;
}

export const createConnection = (config: Config): Connection => {
  const health = createHealth();
  const publishing = createLink({ config, health, purpose: 'publish' });
  const settling = createLink({ config, health, purpose: 'settle', settings: '-c synchronous_commit=off' });
  const session = createSession(config, health);
  let closed = false;

  return {
    log: config.log,
    publishing,
    settling,
    session,
    patiently: async (work) => {
      const deadline = Date.now() + config.timeoutMs;
      for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 250)) {
        try {
          return await work();
        } catch (cause) {
          if (!isAway(cause)) throw cause;
          if (closed) throw busErrors.closed({ cause });
          if (Date.now() + pauseMs > deadline) throw busErrors.broker_away({ cause });
          await sleep(pauseMs);
        }
      }
    },
    status: () => (closed ? { state: 'away', reason: 'closed' } : health.status()),
    close: async () => {
      closed = true;
      await Promise.all([publishing.close(), settling.close(), session.close()]);
    },
  };
};
