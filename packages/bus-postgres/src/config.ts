import type { Log } from '@emporium/bus';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; the tables live in its schema `bus`. Not through a pooler in transaction mode. */
  readonly url: string;
  /** How long a publish or a settlement waits for the broker before it is refused, in milliseconds; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Shown in `pg_stat_activity`. */
  readonly connectionName?: string;
  /** Is told of lost connections and failed claims. Silent by default. */
  readonly log?: Log;
}

export interface Config {
  readonly url: string;
  readonly timeoutMs: number;
  readonly connectionName: string;
  readonly log: Log;
}

/** Throws, naming the option, when the url is none of PostgreSQL's or names no database. */
export const parseOptions = ({ url, timeoutMs, connectionName, log }: PostgresOptions): Config => {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new Error(`url: must be postgres://user:password@host:port/database, is '${withoutPassword(url)}'`);
  }
  if (new URL(url).pathname.length < 2)
    throw new Error(`url: must name a database, is '${withoutPassword(url)}'`);
  return {
    url,
    timeoutMs: timeoutMs ?? 10_000,
    connectionName: connectionName ?? 'emporium',
    log: log ?? { info: ignore, warn: ignore, error: ignore },
  };
};

const withoutPassword = (url: string): string => url.replace(/:[^:@/]*@/, ':…@');

const ignore = (): void => {};
