import { type BackendFactory, type ConnectionOptions, createRedisBackend, type IQueueBackend } from 'bullmq';
import { Redis } from 'ioredis';
import type { Driver } from './driver.ts';

const timeoutMs = 5_000;

/** Tries for ever, at most a second apart. */
const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 5), 1_000);

export const createRedisDriver = ({ url, name }: { url: string; name: string }): Driver => {
  const settings = { ...optionsOf(url), connectionName: name, retryStrategy, keepAlive: 10_000 };
  /** What enqueues and asks shares one connection, and is refused while Redis is away. */
  const shared = new Redis({
    ...settings,
    connectTimeout: timeoutMs,
    maxRetriesPerRequest: 3,
    lazyConnect: true,
  });
  shared.on('error', () => undefined); // the callers get the error
  const create: BackendFactory<IQueueBackend, ConnectionOptions> = createRedisBackend;

  return {
    name: 'redis',
    bulkFrom: 1,
    factory: (queue, options, extra) => {
      const waits = extra?.withBlockingConnection === true || extra?.blocking === true;
      return create(queue, { ...options, connection: waits ? settings : shared }, extra);
    },
    prepare: async () => {
      await shared.ping();
    },
    close: async () => shared.disconnect(),
  };
};

const optionsOf = (url: string) => {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const db = Number(pathname.slice(1) || 0);
  return {
    host: hostname || '127.0.0.1',
    port: Number(port || 6_379),
    db,
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
};
