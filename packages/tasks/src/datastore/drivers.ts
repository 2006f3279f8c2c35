import type { Driver } from './driver.ts';

interface DriverOptions {
  readonly url: string;
  /** Under which the connections show on the server. */
  readonly name: string;
}

type Open = (options: DriverOptions) => Promise<Driver>;

const postgres: Open = async (options) => (await import('./postgres.ts')).createPostgresDriver(options);
const redis: Open = async (options) => (await import('./redis.ts')).createRedisDriver(options);

const drivers: Readonly<Record<string, Open>> = {
  'postgres:': postgres,
  'postgresql:': postgres,
  'redis:': redis,
  'rediss:': redis,
};

/** The schemes that `TASKS_URL` may have. */
export const taskSchemes: readonly string[] = Object.keys(drivers);

/** Which datastore a URL's scheme means; only its driver is loaded. Throws for a scheme that none serves. */
export const openDriver = (options: DriverOptions): Promise<Driver> => {
  const { protocol } = new URL(options.url);
  const open = drivers[protocol];
  if (open === undefined)
    throw new Error(`no task queue on ${protocol}; use one of ${taskSchemes.join(', ')}`);
  return open(options);
};
