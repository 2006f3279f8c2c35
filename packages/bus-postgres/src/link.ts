import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, messageOf } from '@emporium/bus';
import type { Health } from '@emporium/bus/transport';
import pg from 'pg';
import type { Config } from './config.ts';
import { isLost, isMissing } from './errors.ts';
import { ensureSchema, repairSchema } from './schema.ts';

export interface Query {
  /** Prepared once a connection under this name; not prepared without one. */
  readonly name?: string;
  readonly text: string;
}

/** One connection that is made again when it was lost. Statements go out in the order of the calls, without waiting for each other. */
export interface Link {
  /**
   * Connects first where it must, and makes the tables again where they are gone. Rejects with what the server or the socket
   * said.
   */
  query<Row extends pg.QueryResultRow>(query: Query, values: readonly unknown[]): Promise<Row[]>;
  connect(): Promise<void>;
  connected(): boolean;
  /** Takes no more, waits for the statements under way up to a second, and disconnects. */
  close(): Promise<void>;
}

interface LinkOptions {
  readonly config: Config;
  /** What it is for, in logs. */
  readonly purpose: string;
  readonly health: Health;
  /** Settings of the session: `-c synchronous_commit=off`. */
  readonly settings?: string;
  /** What to do with a fresh connection before anyone else has it. */
  readonly prepare?: (client: pg.Client) => Promise<void>;
  readonly onLost?: () => void;
}

export const createLink = ({ config, purpose, health, settings, prepare, onLost }: LinkOptions): Link => {
  const { url, timeoutMs, connectionName, log } = config;
  let current: { readonly client: pg.Client; readonly ready: Promise<void>; up: boolean } | undefined;
  let underWay = 0;
  let closed = false;

  const open = () => {
    const client = new pg.Client({
      connectionString: url,
      application_name: `${connectionName} ${purpose}`,
      connectionTimeoutMillis: Math.min(timeoutMs, 3_000),
      // After so long without an answer the server counts as away.
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
    // It is broken: all that is left is to let go of the socket, whatever that says.
    connection.client.end().catch(() => {});
    onLost?.();
  };

  const ask = async <Row extends pg.QueryResultRow>(
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

  /** Statements that leave meanwhile wait on the same connection, and find the tables. */
  const repair = async (client: pg.Client, error: unknown): Promise<void> => {
    log.warn({ purpose }, `the tables are gone, and are made again: ${messageOf(error)}`);
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
      underWay += 1;
      try {
        const connection = await connect();
        try {
          const rows = await ask<Row>(connection.client, query, values);
          health.up();
          return rows;
        } catch (error) {
          if (isLost(error)) drop(connection, error);
          throw error;
        }
      } finally {
        underWay -= 1;
      }
    },
    connect: async () => {
      await connect();
    },
    connected: () => current?.up ?? false,
    close: async () => {
      closed = true;
      for (const deadline = Date.now() + 1_000; underWay > 0 && Date.now() < deadline; ) await sleep(5);
      const connection = current;
      current = undefined;
      if (connection === undefined) return;
      connection.client.removeAllListeners('end');
      await Promise.race([connection.client.end().catch(() => {}), sleep(1_000)]);
    },
  };
};
