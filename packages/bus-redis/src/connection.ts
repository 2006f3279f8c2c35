import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@emporium/bus';
import { createHealth, retryWhileAway, type TransportStatus } from '@emporium/bus/transport';
import type { Config } from './config.ts';
import { isBlocked, isUnavailable } from './errors.ts';
import { createClient, type Client } from './client.ts';
import { script } from './script.ts';
import { checkSettings } from './settings.ts';

/** What a transport holds of its broker: one connection for all that is answered at once, and one for each consumer that waits. */
export interface Connection {
  readonly log: Log;
  readonly commands: Client;
  /** A connection to wait for messages on, up to `waitMs` for an answer. `onUp`: again and again. */
  openReader(purpose: string, waitMs: number, onUp: () => void): Client;
  /** Milliseconds since the server could be used without a break; 0 while it cannot. */
  upFor(): number;
  /** Repeats the work while the broker is away or full, up to the bound; then throws `bus.broker_away`. It must be repeatable. */
  retryWhileAway<T>(work: () => Promise<T>): Promise<T>;
  status(): TransportStatus;
  /** From now on nobody waits for a broker that is away. */
  closing(): void;
  close(): Promise<void>;
}

export const createConnection = (config: Config): Connection => {
  const { timeoutMs, log } = config;
  const health = createHealth();
  let upSince: number | undefined;
  let closed = false;

  const commands = createClient({
    config,
    purpose: 'commands',
    answerMs: timeoutMs,
    onUp: () => {
      upSince = performance.now();
      health.up();
      void checkSettings(commands, log);
    },
    onLost: (error) => {
      upSince = undefined;
      health.away(error);
    },
  });

  /** Asks until it takes publishes again, so that the status is right although nobody publishes. */
  const watch = async (): Promise<void> => {
    while (health.status().state === 'blocked' && !closed) {
      await sleep(probeMs, undefined, { ref: false });
      try {
        await commands.run(probe, [], []);
      } catch {
        continue; // blocked still, or away, which the connection tells
      }
      if (health.status().state !== 'blocked') return;
      log.info({}, 'Redis takes publishes again');
      health.up();
    }
  };

  const blocked = (error: unknown): void => {
    const { state } = health.status();
    health.blocked(error);
    if (state !== 'up') return;
    log.warn({}, `Redis takes no publishes: ${messageOf(error)}`);
    void watch();
  };

  const reasonOf = (error: unknown): string => {
    if (isBlocked(error)) return `it takes no publishes: ${messageOf(error)}`;
    return commands.connected() ? messageOf(error) : commands.reason();
  };

  return {
    log,
    commands,
    openReader: (purpose, waitMs, onUp) =>
      createClient({ config, purpose, answerMs: timeoutMs + waitMs, onUp }),
    upFor: () => (upSince === undefined ? 0 : performance.now() - upSince),
    retryWhileAway: (work) =>
      retryWhileAway(work, {
        timeoutMs,
        isAway: (error) => {
          if (isBlocked(error)) blocked(error);
          return isUnavailable(error);
        },
        isClosed: () => closed,
        detailsOf: (error) => ({ broker: 'redis', reason: reasonOf(error) }),
      }),
    status: () => (closed ? { state: 'away', reason: 'closed' } : health.status()),
    closing: () => {
      closed = true;
    },
    close: async () => {
      closed = true;
      await commands.close();
    },
  };
};

const probeMs = 1_000;

const probe = script('refuse', 'return 1');
