import { type TransportOptions, withDefaults, withoutPassword } from '@emporium/bus/transport';

export interface PostgresOptions extends TransportOptions {
  /** `postgres://user:password@host:port/database`; the tables live in its schema `bus`. Not through a pooler in transaction mode. */
  readonly url: string;
}

export type Config = Required<PostgresOptions>;

/** Throws, naming the option, if the url is not a PostgreSQL url or names no database. */
export const parseOptions = ({ url, ...options }: PostgresOptions): Config => {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new Error(`url: must be postgres://user:password@host:port/database, is '${withoutPassword(url)}'`);
  }
  if (new URL(url).pathname.length < 2)
    throw new Error(`url: must name a database, is '${withoutPassword(url)}'`);
  return { url, ...withDefaults(options) };
};
