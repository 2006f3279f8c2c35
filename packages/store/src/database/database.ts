import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { connectionWait } from '../metrics.ts';
import { classify, isStalePlan, storeErrors } from './errors.ts';

export interface DatabaseOptions {
  /** `postgres://role:password@host:port/database` */
  readonly url: string;
  /** Most connections; each costs memory on the server. */
  readonly max?: number;
  readonly applicationName?: string;
  /** How long a connection stays open without use, in milliseconds; 5,000 by default: each costs memory on the server. */
  readonly idleMs?: number;
}

/** Waiting for a connection longer than this, in milliseconds, counts as the database being away. */
export const connectTimeoutMs = 5_000;

/** The server notices a client whose machine is gone, and takes its locks back, within half a minute. */
export const sessionOptions =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';

/**
 * Everything here is found by a key. A plan is made once per connection, when a young table has no statistics yet, and a
 * sequential scan that was right for ten rows would stay. A bitmap of an outbox that was empty when it was counted meets all
 * rows that were removed since, each time; an index passes over those that it has met once (ADR 0049). `retain` plans freely.
 */
const plannerOptions = '-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off';

/** A driver-level pool: idle connections that break are replaced and never end the process. */
export const createPool = ({ url, max = 6, applicationName, idleMs = 5_000 }: DatabaseOptions): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: `${sessionOptions} ${plannerOptions}`,
    types: { getTypeParser },
    ...(applicationName === undefined ? {} : { application_name: applicationName }),
  });
  // The pool drops the broken connection by itself; the next caller finds out whether the server can be reached.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
};

/** Kysely over the pool. Statements are prepared once per connection; bigint and numeric columns come as numbers. */
export const createDatabase = <DB>(pool: pg.Pool): Kysely<DB> =>
  new Kysely<DB>({ dialect: new PostgresDialect({ pool: preparing(pool) }) });

/** Most prepared statements; further texts (an `in` list of many lengths) run unprepared. */
const maxPrepared = 300;

const preparing = (pool: pg.Pool): PostgresPool => {
  const names = new Map<string, string>();
  const nameOf = (sql: string): string | undefined => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= maxPrepared || !preparable.test(sql)) return known;
    const name = createHash('sha1').update(sql).digest('base64url');
    names.set(sql, name);
    return name;
  };
  const wrapped = new WeakMap<pg.PoolClient, Wrapped>(); // Kysely knows a connection by its object
  return {
    connect: async (): Promise<PostgresPoolClient> => {
      const asked = performance.now();
      const client = await pool
        .connect()
        .catch((error: unknown) => {
          throw classify(error);
        })
        // Those who get none have waited the longest.
        .finally(() => connectionWait.observe((performance.now() - asked) / 1_000, {}));
      const connection = wrapped.get(client) ?? wrap(client, nameOf);
      wrapped.set(client, connection);
      connection.begin();
      return connection.client;
    },
    end: () => pool.end(),
    options: pool.options,
  };
};

const preparable = /^\s*(select|insert|update|delete|with)\b/i;

interface Wrapped {
  readonly client: PostgresPoolClient;
  /** Somebody else has it now. */
  begin(): void;
}

const wrap = (client: pg.PoolClient, nameOf: (sql: string) => string | undefined): Wrapped => {
  let stale = false;
  let transaction: 'unknown' | 'none' | 'open' | 'over' = 'unknown';

  /**
   * A handler may fail while another of its statements still waits for its turn. Kysely would send that one after the
   * rollback, where it commits by itself.
   */
  const assertInTime = (sql: string): void => {
    if (transaction === 'over' && sql !== 'rollback')
      throw storeErrors.transaction_over({ sql: sql.slice(0, 100) });
    if (transaction === 'unknown') transaction = /^(begin|start transaction)/.test(sql) ? 'open' : 'none';
    else if (transaction === 'open' && /^(commit|rollback)$/.test(sql)) transaction = 'over';
  };

  // Kysely's type has an overload for cursors, which are not used here, and a narrower `command`.
  const query: (...parameters: never[]) => unknown = async (sql: string, parameters: readonly unknown[]) => {
    assertInTime(sql);
    const name = nameOf(sql);
    try {
      return await client.query({
        text: sql,
        values: [...parameters],
        ...(name === undefined ? {} : { name }),
      });
    } catch (error) {
      stale ||= isStalePlan(error);
      throw classify(error);
    }
  };
  return {
    client: {
      query: query as PostgresPoolClient['query'],
      release: (destroy) => client.release(destroy === true || stale),
    },
    begin: () => {
      transaction = 'unknown';
    },
  };
};

/** They fit a double here: counts, positions, minor units and their sums are far below 2^53. */
const asNumber: ReadonlySet<number> = new Set([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);

const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  asNumber.has(oid) ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
