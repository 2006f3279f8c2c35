import { type Log, messageOf } from '@emporium/bus';
import { Redis } from 'ioredis';

const firstDelayMs = 50;
const maxDelayMs = 2_000;
const connectTimeoutMs = 3_000;
/** How long one command may take, in milliseconds, before the connection counts as lost; longer than one that waits for a task. */
const answerMs = 5_000;

/** A connection that is opened again whenever it was lost. Without one, commands reject at once. */
export const openRedis = (url: string, purpose: string, log: Log): Redis => {
  let isLogged = false;
  let reason = 'not connected yet';
  const redis = new Redis(url, {
    connectionName: `bridge:${purpose}`,
    connectTimeout: connectTimeoutMs,
    commandTimeout: answerMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(firstDelayMs * 2 ** times, maxDelayMs),
    protocol: 2,
    disableClientInfo: true, // needs 7.2; older servers log an error
  });
  redis.on('error', (error) => {
    reason = messageOf(error);
  });
  redis.on('ready', () => {
    log.info({ connection: purpose }, "connected to the Redis of Celery's tasks");
    isLogged = false;
  });
  redis.on('close', () => {
    if (!isLogged) log.warn({ connection: purpose }, `the Redis of Celery's tasks is away: ${reason}`);
    isLogged = true;
  });
  return redis;
};

/** A late reply would be taken for that of the next command: a command that was not answered ends the connection. */
export const checked = async <Reply>(redis: Redis, reply: Promise<Reply>): Promise<Reply> => {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Error && error.message === 'Command timed out') redis.disconnect(true);
    throw error;
  }
};

/** Its memory is full, so that it refuses what needs more. */
export const isFull = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const inside = 'previousErrors' in error && Array.isArray(error.previousErrors) ? error.previousErrors : [];
  return [error, ...inside].some((each) => each instanceof Error && each.message.startsWith('OOM'));
};
