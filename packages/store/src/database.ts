import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { classify } from './errors.ts';

export interface DatabaseOptions {
  /** `postgres://role:password@host:port/database` */
  readonly url: string;
  /** Connections at most; each costs memory on the server. */
  readonly max?: number;
  readonly applicationName?: string;
}

/** Waiting for a connection longer than this, in milliseconds, counts as the database being away. */
const connectTimeoutMs = 5_000;

/** A driver-level pool: idle connections that break are replaced and never end the process. */
export const createPool = ({ url, max = 6, applicationName }: DatabaseOptions): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    pipeline: true,
    types: { getTypeParser },
    ...(applicationName === undefined ? {} : { application_name: applicationName }),
  });
  // The pool drops the broken connection by itself; whoever asks next is told whether a new one can be had.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
};

/** Kysely over the pool. Statements are prepared once per connection; bigint columns come as numbers. */
export const createDatabase = <DB>(pool: pg.Pool): Kysely<DB> =>
  new Kysely<DB>({ dialect: new PostgresDialect({ pool: preparing(pool) }) });

/** Statements that are prepared at most; texts beyond it (an `in` list of many lengths) run unprepared. */
const maxPrepared = 500;

const preparing = (pool: pg.Pool): PostgresPool => {
  const names = new Map<string, string>();
  const nameOf = (sql: string): string | undefined => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= maxPrepared || !preparable.test(sql)) return known;
    const name = createHash('sha1').update(sql).digest('base64url');
    names.set(sql, name);
    return name;
  };
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    connect: async (): Promise<PostgresPoolClient> => {
      const client = await pool.connect().catch((error: unknown) => {
        throw classify(error);
      });
      const existing = wrapped.get(client);
      if (existing !== undefined) return existing;
      const made = wrap(client, nameOf);
      wrapped.set(client, made);
      return made;
    },
    end: () => pool.end(),
    options: pool.options,
  };
};

const preparable = /^\s*(select|insert|update|delete|with)\b/i;

const wrap = (client: pg.PoolClient, nameOf: (sql: string) => string | undefined): PostgresPoolClient => {
  // Kysely's type has an overload for cursors, which are not used here, and a narrower `command`.
  const query: (...parameters: never[]) => unknown = async (sql: string, parameters: readonly unknown[]) => {
    const name = nameOf(sql);
    try {
      return await client.query({
        text: sql,
        values: [...parameters],
        ...(name === undefined ? {} : { name }),
      });
    } catch (error) {
      throw classify(error);
    }
  };
  return {
    query: query as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy),
  };
};

/** bigint and numeric aggregates fit a double here: counts, positions and minor units are far below 2^53. */
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8
    ? Number
    : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
