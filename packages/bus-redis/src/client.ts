import { messageOf } from '@emporium/bus';
import { Redis } from 'ioredis';
import type { Config } from './config.ts';
import { isAway } from './errors.ts';
import type { Script } from './script.ts';

type Argument = string | number | Buffer;

/** A reply of the server. Texts are buffers. */
export type Reply = Buffer | number | null | readonly Reply[];

/** One connection, which is opened again after it was lost. Commands are sent in the order of the calls, and are pipelined. */
export interface Client {
  /** Rejects with the error of the server or the socket, and at once while there is no connection. */
  command(name: string, ...args: Argument[]): Promise<Reply>;
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply>;
  connected(): boolean;
  /** Why it is not connected. */
  reason(): string;
  close(): Promise<void>;
}

interface ClientOptions {
  readonly config: Config;
  /** For logs and `CLIENT LIST`. */
  readonly purpose: string;
  /** How long one command may take before the server counts as away, in milliseconds. */
  readonly answerMs: number;
  readonly onUp?: () => void;
  readonly onLost?: (error: Error) => void;
}

const firstDelayMs = 50;
const maxDelayMs = 1_000;

/** How long `close` waits for commands in progress, in milliseconds. */
const closeMs = 1_000;

export const createClient = ({ config, purpose, answerMs, onUp, onLost }: ClientOptions): Client => {
  const { url, timeoutMs, connectionName, log } = config;
  let reason: Error = new Error('not connected yet');
  let wasUp = false;
  let lossLogged = false;
  let closed = false;

  const redis = new Redis(url, {
    connectionName: `${connectionName}:${purpose}`,
    connectTimeout: Math.min(timeoutMs, 3_000),
    commandTimeout: answerMs,
    // The callers decide how long to wait for the server, and whether to retry.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(firstDelayMs * 2 ** times, maxDelayMs),
    keepAlive: 10_000,
    // By now the address may be that of the replica that was promoted.
    reconnectOnError: ({ message }) => /^(READONLY|UNBLOCKED force) /.test(message),
    protocol: 2,
    disableClientInfo: true, // needs 7.2; older servers log an error
  });
  redis.on('error', (error: Error) => {
    reason = error;
  });
  redis.on('ready', () => {
    wasUp = true;
    lossLogged = false;
    log.info({ connection: purpose }, 'connected to Redis');
    onUp?.();
  });
  redis.on('close', () => {
    if (wasUp) reason = new Error('the connection was lost');
    if (!lossLogged && !closed)
      log.warn({ connection: purpose }, `Redis is away (${address(url)}): ${messageOf(reason)}`);
    lossLogged = true;
    wasUp = false;
    onLost?.(reason);
  });

  // ioredis stops retrying if it could not even start to connect.
  redis.on('end', () => {
    if (!closed) setTimeout(() => redis.connect().catch(() => {}), maxDelayMs);
  });

  const send = async (name: string, args: readonly Argument[]): Promise<Reply> => {
    try {
      // ioredis types it as unknown; RESP 2 has no other types.
      return (await redis.callBuffer(name, ...args)) as Reply;
    } catch (error) {
      // A late reply would be taken for that of the next command, so the connection is replaced.
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
        // The server forgets its scripts when it restarts.
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
        redis.disconnect(); // stops a reconnect that is scheduled
        if (!isAway(error)) throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
};

const address = (url: string): string => new URL(url).host;
