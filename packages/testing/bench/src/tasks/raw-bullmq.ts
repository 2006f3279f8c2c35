import { randomUUID } from 'node:crypto';
import {
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  type JobsOptions,
  type PostgresConnectionOptions,
  Queue,
  runMigrations,
  Worker,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { runConcurrently } from '../transport/contender.ts';
import { createTally, dataOf, enqueuing, perCall, running, type TaskContender } from './task-contender.ts';

type Factory = BackendFactory<IQueueBackend, object>;
/** The same bytes as ours. */
interface Data {
  readonly data: ReturnType<typeof dataOf>;
  readonly context: { readonly correlationId: string; readonly traceparent: string; readonly hops: number };
}

const name = 'bench.raw';
const options = { connection: {}, prefix: 'raw' } as const;
/** With an id, which makes it safe to enqueue a task again. */
const jobOptions = (): JobsOptions => ({
  jobId: randomUUID(),
  attempts: 6,
  backoff: { type: 'exponential', delay: 1_000 },
  removeOnComplete: false,
  removeOnFail: false,
  stackTraceLimit: 0,
});
const context = {
  correlationId: randomUUID(),
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  hops: 0,
};

const onPostgres: BackendFactory<IQueueBackend, PostgresConnectionOptions> = createPostgresBackend;

/** BullMQ alone, with the same connections as our drivers. */
const openRawBullmq = async (factory: Factory, end: () => Promise<unknown>): Promise<TaskContender> => {
  const queue = new Queue<Data, null, string, Data, null, string, IQueueBackend, object>(
    name,
    options,
    factory,
  );
  await queue.waitUntilReady();
  const jobOf = (index: number) => ({ name, data: { data: dataOf(index), context }, opts: jobOptions() });
  return {
    enqueue: (count) =>
      runConcurrently(count, enqueuing, async (index) => {
        await queue.add(name, { data: dataOf(index), context }, jobOptions());
      }),
    enqueueAll: async (count) => {
      for (let sent = 0; sent < count; sent += perCall) {
        await queue.addBulk(
          Array.from({ length: Math.min(perCall, count - sent) }, (_, n) => jobOf(sent + n)),
        );
      }
    },
    drain: async (count) => {
      const tally = createTally(count);
      const worker = new Worker<Data, null, string, IQueueBackend, number, object>(
        name,
        async () => {
          tally.ran();
          return null;
        },
        { ...options, concurrency: running, lockDuration: 10_000, stalledInterval: 10_000 },
        factory,
      );
      const ms = await tally.all;
      await worker.close();
      return ms;
    },
    close: async () => {
      await queue.close();
      await end();
    },
  };
};

export const openRawBullmqOnPostgres = async (url: string): Promise<TaskContender> => {
  const planning = '-c search_path=bullmq -c enable_seqscan=off -c jit=off';
  const client = new pg.Client(url);
  await client.connect();
  await runMigrations(client);
  await client.end();
  const poolOf = (max: number, options: string) =>
    new pg.Pool({ connectionString: url, max, keepAlive: true, options }).setMaxListeners(0);
  const queries = poolOf(4, planning);
  // Like our workers: a task whose settlement a crash of the server loses is run again. One connection more to listen on.
  const settling = poolOf(5, `${planning} -c synchronous_commit=off`);
  return openRawBullmq(
    (queue, given, extra) => {
      const pool = extra?.withBlockingConnection === true ? settling : queries;
      return onPostgres(queue, { ...given, connection: pool as PostgresConnectionOptions }, extra);
    },
    () => Promise.all([queries.end(), settling.end()]),
  );
};

export const openRawBullmqOnRedis = async (url: string): Promise<TaskContender> => {
  const shared = new Redis(url);
  const { hostname: host, port, password } = new URL(url);
  const own = { host, port: Number(port), password };
  return openRawBullmq(
    (queue, given, extra) => {
      const connection = extra?.withBlockingConnection === true ? own : shared;
      return createRedisBackend(queue, { ...given, connection }, extra);
    },
    async () => shared.disconnect(),
  );
};
