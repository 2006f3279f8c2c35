import { messageOf } from '@emporium/bus';
import { Redis } from 'ioredis';
import type { Config } from './config.ts';
import { isAway } from './errors.ts';
import type { Script } from './script.ts';

type Argument = string | number | Buffer;

/** What the server answers: texts are buffers. */
export type Reply = Buffer | number | null | readonly Reply[];

/** One connection that is made again when it was lost. Commands leave in the order of the calls, without waiting for each other. */
export interface Client {
  /** Rejects at once while there is no connection, and with what the server or the socket said. */
  command(name: string, ...args: Argument[]): Promise<Reply>;
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply>;
  connected(): boolean;
  /** Why it is not connected. */
  reason(): string;
  close(): Promise<void>;
}

interface ClientOptions {
  readonly config: Config;
  /** What it is for, in logs and in `CLIENT LIST`. */
  readonly purpose: string;
  /** How long one command may take before the server counts as away, in milliseconds. */
  readonly answerMs: number;
  readonly onUp?: () => void;
  readonly onLost?: (error: Error) => void;
}

const firstDelayMs = 50;
const maxDelayMs = 1_000;

/** How long what is under way may hold up the end, in milliseconds. */
const closeMs = 1_000;

export const createClient = ({ config, purpose, answerMs, onUp, onLost }: ClientOptions): Client => {
  const { url, timeoutMs, connectionName, log } = config;
  let reason: Error = new Error('not connected yet');
  let wasUp = false;
  let told = false;
  let closed = false;

  const redis = new Redis(url, {
    connectionName: `${connectionName}:${purpose}`,
    connectTimeout: Math.min(timeoutMs, 3_000),
    commandTimeout: answerMs,
    // Whoever waits for the server decides how long, and whether to ask again.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(firstDelayMs * 2 ** times, maxDelayMs),
    keepAlive: 10_000,
    // The address may be another server's by now: the one that was promoted.
    reconnectOnError: ({ message }) => /^(READONLY|UNBLOCKED force) /.test(message),
    protocol: 2,
    disableClientInfo: true, // comes with 7.2, and is an error in the log before
  });
  redis.on('error', (error: Error) => {
    reason = error;
  });
  redis.on('ready', () => {
    wasUp = true;
    told = false;
    log.info({ connection: purpose }, 'connected to Redis');
    onUp?.();
  });
  redis.on('close', () => {
    if (wasUp) reason = new Error('the connection was lost');
    if (!told && !closed)
      log.warn({ connection: purpose }, `Redis is away (${address(url)}): ${messageOf(reason)}`);
    told = true;
    wasUp = false;
    onLost?.(reason);
  });

  // It gives up where it could not even begin to connect.
  redis.on('end', () => {
    if (!closed) setTimeout(() => redis.connect().catch(() => {}), maxDelayMs);
  });

  const send = async (name: string, args: readonly Argument[]): Promise<Reply> => {
    try {
      // Typed as unknown by the client; these are the types that RESP without floats and maps has.
      return (await redis.callBuffer(name, ...args)) as Reply;
    } catch (error) {
      // It may answer later, when nobody knows any more to what: begin afresh.
      if (error instanceof Error && error.message === 'Command timed out') {
        reason = new Error(`no answer within ${answerMs} ms`);
        redis.disconnect(true);
      }
      throw error;
    }
  };

  return {
    command: (name, ...args) => send(name, args),
    run: async ({ sha, lua }, keys, args) => {
      try {
        return await send('EVALSHA', [sha, keys.length, ...keys, ...args]);
      } catch (error) {
        // Its memory of scripts ends with the server, or is cleared.
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return send('EVAL', [lua, keys.length, ...keys, ...args]);
      }
    },
    connected: () => redis.status === 'ready',
    reason: () => messageOf(reason),
    close: async () => {
      if (closed) return;
      closed = true;
      if (redis.status !== 'ready') return redis.disconnect();
      const timer = setTimeout(() => redis.disconnect(), closeMs);
      try {
        await redis.quit();
      } catch (error) {
        redis.disconnect(); // one that was about to be made again would be
        if (!isAway(error)) throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
};

const address = (url: string): string => new URL(url).host;
