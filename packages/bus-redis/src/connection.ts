import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@emporium/bus';
import { createHealth, retryWhileAway, type TransportStatus } from '@emporium/bus/transport';
import { type Client, createClient } from './client.ts';
import type { Config } from './config.ts';
import { isBlocked, isUnavailable } from './errors.ts';
import { script } from './script.ts';
import { checkSettings } from './settings.ts';

/** A transport's connections to its server: one for commands that are answered at once, and one for each consumer that waits for messages. */
export interface Connection {
  readonly log: Log;
  readonly commands: Client;
  /** A connection for reads that wait up to `waitMs`. `onUp` is called each time it has connected. */
  openReader(purpose: string, waitMs: number, onUp: () => void): Client;
  /** For how many milliseconds the server has been available without a break; 0 while it is away. */
  upFor(): number;
  /** Retries the work while the server is away or full, up to `timeoutMs`; then throws `bus.broker_away`. The work must be idempotent. */
  retryWhileAway<T>(work: () => Promise<T>): Promise<T>;
  status(): TransportStatus;
  /** From now on nothing waits for a server that is away. */
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

  /** Probes until the server accepts publishes again, so that the status is right even if nothing is published. */
  const probeWhileBlocked = async (): Promise<void> => {
    while (health.status().state === 'blocked' && !closed) {
      await sleep(probeMs, undefined, { ref: false });
      try {
        await commands.run(probe, [], []);
      } catch {
        continue; // still blocked, or away, which the client reports
      }
      if (health.status().state !== 'blocked') return;
      log.info({}, 'Redis accepts publishes again');
      health.up();
    }
  };

  const blocked = (error: unknown): void => {
    const { state } = health.status();
    health.blocked(error);
    if (state !== 'up') return;
    log.warn({}, `Redis takes no publishes: ${messageOf(error)}`);
    void probeWhileBlocked();
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
