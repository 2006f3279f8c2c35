import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, messageOf } from '@emporium/bus';
import type { Health } from '@emporium/bus/transport';
import pg from 'pg';
import type { Config } from './config.ts';
import { isLost, isMissing } from './errors.ts';
import { ensureSchema, repairSchema } from './schema.ts';

export interface Query {
  /** The name of the prepared statement; without one it is not prepared. */
  readonly name?: string;
  readonly text: string;
}

/** One connection, which is opened again after it was lost. Statements are sent in the order of the calls, and are pipelined. */
export interface Client {
  /** Connects first if necessary, and creates the tables again if they are gone. Rejects with the error of the server or the socket. */
  query<Row extends pg.QueryResultRow>(query: Query, values: readonly unknown[]): Promise<Row[]>;
  connect(): Promise<void>;
  connected(): boolean;
  /** Waits up to a second for the statements in progress, and disconnects. Further statements are rejected. */
  close(): Promise<void>;
}

interface ClientOptions {
  readonly config: Config;
  /** For logs and `pg_stat_activity`. */
  readonly purpose: string;
  readonly health: Health;
  /** Of the session: `-c synchronous_commit=off`. */
  readonly settings?: string;
  /** Runs on each new connection before it is used. */
  readonly prepare?: (client: pg.Client) => Promise<void>;
  readonly onLost?: () => void;
}

export const createClient = ({
  config,
  purpose,
  health,
  settings,
  prepare,
  onLost,
}: ClientOptions): Client => {
  const { url, timeoutMs, connectionName, log } = config;
  let current: { readonly client: pg.Client; readonly ready: Promise<void>; up: boolean } | undefined;
  let inProgress = 0;
  let closed = false;

  const open = () => {
    const client = new pg.Client({
      connectionString: url,
      application_name: `${connectionName} ${purpose}`,
      connectionTimeoutMillis: Math.min(timeoutMs, 3_000),
      // A server that does not answer for so long counts as away.
      query_timeout: timeoutMs,
      keepAlive: true,
      pipeline: true,
      options: `-c timezone=UTC -c jit=off ${settings ?? ''}`,
    });
    const start = async () => {
      await client.connect();
      await ensureSchema(client);
      await prepare?.(client);
      connection.up = true;
      health.up();
    };
    const lost = (error: unknown) => drop(connection, error);
    client.on('error', lost);
    client.on('end', () => lost(new Error('The connection was closed')));
    const connection = { client, ready: start(), up: false };
    connection.ready.catch(lost);
    return connection;
  };

  const drop = (connection: NonNullable<typeof current>, error: unknown): void => {
    if (current !== connection) return;
    current = undefined;
    health.away(error);
    if (connection.up) log.warn({ purpose }, `the connection to PostgreSQL was lost: ${messageOf(error)}`);
    // The connection is broken already: an error here means nothing.
    connection.client.end().catch(() => {});
    onLost?.();
  };

  const run = async <Row extends pg.QueryResultRow>(
    client: pg.Client,
    { name, text }: Query,
    values: readonly unknown[],
  ): Promise<Row[]> => {
    const query = name === undefined ? { text, values: [...values] } : { name, text, values: [...values] };
    try {
      return (await client.query<Row>(query)).rows;
    } catch (error) {
      if (!isMissing(error)) throw error;
      await repair(client, error);
      return (await client.query<Row>(query)).rows;
    }
  };

  /** Statements that are sent meanwhile wait behind it on the same connection, and find the tables. */
  const repair = async (client: pg.Client, error: unknown): Promise<void> => {
    log.warn({ purpose }, `the tables are gone, and are created again: ${messageOf(error)}`);
    await repairSchema(client);
  };

  const connect = async () => {
    if (closed) throw busErrors.closed();
    current ??= open();
    await current.ready;
    return current;
  };

  return {
    query: async <Row extends pg.QueryResultRow>(query: Query, values: readonly unknown[]) => {
      inProgress += 1;
      try {
        const connection = await connect();
        try {
          const rows = await run<Row>(connection.client, query, values);
          health.up();
          return rows;
        } catch (error) {
          if (isLost(error)) drop(connection, error);
          throw error;
        }
      } finally {
        inProgress -= 1;
      }
    },
    connect: async () => {
      await connect();
    },
    connected: () => current?.up ?? false,
    close: async () => {
      closed = true;
      for (const deadline = Date.now() + 1_000; inProgress > 0 && Date.now() < deadline; ) await sleep(5);
      const connection = current;
      current = undefined;
      if (connection === undefined) return;
      connection.client.removeAllListeners('end');
      await Promise.race([connection.client.end().catch(() => {}), sleep(1_000)]);
    },
  };
};
