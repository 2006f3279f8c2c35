import { createHash } from 'node:crypto';
import {
  type BackendFactory,
  createPostgresBackend,
  DEFAULT_SCHEMA,
  type IQueueBackend,
  type PostgresConnectionOptions,
  runMigrations,
} from 'bullmq';
import pg from 'pg';
import { amend } from './amend.ts';
import type { Driver } from './driver.ts';
import { takeTurns } from './schedules-in-turn.ts';
import { announceNothing } from './unheard-events.ts';

/** The maximum number of connections for callers, and for workers; each worker has one more to listen on. */
const poolSize = 4;
const timeoutMs = 5_000;
/** How long a connection stays open without use: each costs memory on the server. A load keeps those that it needs in use. */
const idleMs = 1_000;
/** A statement that takes longer has lost its server. */
const statementMs = 15_000;

type Pool = Exclude<PostgresConnectionOptions, string>;

/** What a crash of the server takes back of a worker's doing is done again: its commits need not wait for the disk. */
const working = '-c synchronous_commit=off';
/** Every statement finds its rows by an index. A plan made while a table was empty would scan it for ever. */
const planning = `-c search_path=${DEFAULT_SCHEMA} -c enable_seqscan=off -c jit=off`;

export const createPostgresDriver = ({ url, name }: { url: string; name: string }): Driver => {
  const settingsWith = (options: string): pg.ClientConfig => ({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options,
  });
  const settings = settingsWith(planning);
  const enqueuing = createPool(settings);
  const settling = createPool(settingsWith(`${planning} ${working}`));
  const connections = { enqueuing: poolFor(enqueuing, settings), settling: poolFor(settling, settings) };
  const create: BackendFactory<IQueueBackend, PostgresConnectionOptions> = createPostgresBackend;
  let prepared = false;

  return {
    name: 'postgres',
    bulkFrom: 100, // it makes temporary tables with every call
    factory: (queue, options, extra) => {
      const connection = connections[extra?.withBlockingConnection === true ? 'settling' : 'enqueuing'];
      return create(queue, { ...options, connection }, extra);
    },
    prepare: async () => {
      const client = await connect(settings);
      try {
        if (prepared) return;
        await runMigrations(client);
        await amend(client, DEFAULT_SCHEMA, [announceNothing, takeTurns]);
        prepared = true;
      } finally {
        await client.end();
      }
    },
    close: async () => {
      await Promise.all([enqueuing.end(), settling.end()]);
    },
  };
};

const createPool = (settings: pg.ClientConfig): pg.Pool => {
  const pool = new pg.Pool({
    ...settings,
    max: poolSize,
    idleTimeoutMillis: idleMs,
    query_timeout: statementMs,
  });
  pool.on('error', () => undefined); // the next statement finds out whether the server can be reached
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
};

/** What BullMQ takes for a pool. Statements are prepared; who asks for a connection wants to listen, and gets one of its own. */
const poolFor = (pool: pg.Pool, settings: pg.ClientConfig): Pool => {
  const names = new Map<string, string>();
  const nameOf = (text: string): string => {
    const found = names.get(text) ?? createHash('sha1').update(text).digest('base64url');
    names.set(text, found);
    return found;
  };
  const facade = {
    query: (text: string, values: readonly unknown[] = []) =>
      pool.query({ name: nameOf(text), text, values: [...values] }),
    connect: async () => {
      const client = await connect(settings);
      return Object.assign(client, { release: () => void client.end().catch(() => undefined) });
    },
    end: async () => undefined, // the driver ends the pool, when all that use it are gone
    on: () => facade,
    options: { keepAlive: true },
  };
  return facade;
};

const connect = async (settings: pg.ClientConfig): Promise<pg.Client> => {
  const client = new pg.Client(settings);
  client.on('error', () => undefined);
  await client.connect();
  return client;
};
