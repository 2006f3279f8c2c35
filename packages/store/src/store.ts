import {
  type Context,
  currentContext,
  type Effect,
  type Log,
  newContext,
  type Run,
  type TaskSink,
  type Transport,
} from '@emporium/bus';
import type { Contract, Registry, ServiceName, Subscription } from '@emporium/contracts';
import { type Kysely, sql } from 'kysely';
import { type Backfills, createBackfills } from './backfill/backfills.ts';
import type { BackfillSource } from './backfill/source.ts';
import { callEach } from './database/after-commit.ts';
import { createDatabase, createPool } from './database/database.ts';
import { classify } from './database/errors.ts';
import { type Migrations, messagingMigrations, migrate } from './database/migrate.ts';
import { createReadings } from './database/readings.ts';
import { createOutboxTransaction, type Work } from './database/transaction.ts';
import { createGrouped, type GroupWork } from './grouped.ts';
import type { Handler } from './handlers/handler.ts';
import { createRunner } from './handlers/runner.ts';
import { measureOutbox, measurePool, measureTaskOutbox } from './metrics.ts';
import { createOutbox, type OutboxEntry } from './outbox/outbox.ts';
import { type Relay, startRelay } from './outbox/relay.ts';
import { createPauses, type Pauses } from './pauses/pauses.ts';
import { messagingRetention, type Retention, startRetention } from './retention.ts';
import { startTaskRelay } from './task-outbox/task-relay.ts';

export interface StoreOptions {
  readonly service: ServiceName;
  readonly registry: Registry;
  /** The service's own database. */
  readonly url: string;
  readonly log: Log;
  /** Most connections of the pool; the relay has one more, and so have readings. 5 by default. */
  readonly connections?: number;
}

/** Receives the effects of a commit, each with the context of the message or request that caused it. */
export type CommitListener = (committed: readonly OutboxEntry[]) => void;

/** A service's database, and what makes publishing and handling atomic with it. */
export interface Store<DB> {
  /** For reads outside of a transaction. */
  readonly db: Kysely<DB>;
  /**
   * For what metrics show, also while all connections of the pool are in use: a connection of its own, which runs a query after the
   * other, so that a slow scrape takes none from the handlers.
   */
  readonly readings: Kysely<DB>;
  /**
   * One transaction: the work's own changes and the effects it pushed are committed together, or not at all. The work runs
   * again when it collides with another.
   */
  transaction<Result>(work: (work: Work<DB>) => Promise<Result>): Promise<Result>;
  /**
   * For work that many callers request concurrently: calls of the returned function share a transaction, as deliveries do. Calls
   * that arrive while one is in progress share the next, up to 50; none waits for others to arrive. When the work throws, it
   * runs for each call alone, so that grouping changes the speed and nothing else. A call that has waited five seconds for its
   * turn rejects with `store.database_away`, and is never run.
   */
  grouped<Item, Result>(work: GroupWork<DB, Item, Result>): (item: Item) => Promise<Result>;
  /**
   * The function that the pipeline calls for each message of a subscription. Up to `groupSize` available messages (50 by default)
   * share a transaction. Throws unless every contract has a handler.
   */
  runner(
    subscription: Subscription,
    handlers: readonly Handler<DB>[],
    options?: { readonly groupSize?: number },
  ): { readonly run: Run; readonly handles: readonly Contract[] };
  /**
   * Called after each commit of a transaction or a group that wrote effects, with these: once, unless the connection is lost while
   * it commits. What it throws is logged, and keeps nothing from the other listeners. Returns a function that removes the listener.
   */
  onCommit(listener: CommitListener): () => void;
  /** Runs the toolkit's migrations and then the service's. */
  migrate(migrations: Migrations): Promise<void>;
  startRelay(transport: Transport): Relay;
  /** Publishes what the source has to one subscription that was added later. */
  backfills(source: BackfillSource<DB>): Backfills;
  /** Which subscriptions of the service are paused. */
  readonly pauses: Pauses<DB>;
  /** Enqueues committed tasks. */
  startTaskRelay(sink: TaskSink): Relay;
  startRetention(more?: readonly Retention[]): { stop(): void };
  /** Committed messages that are not published yet, counted up to `max`. */
  backlog(max: number): Promise<number>;
  /** Resolves when the database answers; rejects with `store.database_away`. */
  probe(): Promise<void>;
  /** Stops the relay and the retention, and closes the connections once they are free. Stop what uses the store first. */
  close(): Promise<void>;
}

export const createStore = <DB>({
  service,
  registry,
  url,
  log,
  connections = 5,
}: StoreOptions): Store<DB> => {
  const pool = createPool({ url, max: connections, applicationName: service });
  const db = createDatabase<DB>(pool);
  const readings = createReadings<DB>(url, service);
  const listeners = new Set<CommitListener>();
  const running: { stop(): Promise<void> | void }[] = [{ stop: measurePool(pool) }];
  const committed = (entries: readonly OutboxEntry[]) =>
    callEach(
      [...listeners].map((listener) => () => listener(entries)),
      log,
    );
  const transaction = createOutboxTransaction({
    ...{ db, log, service, namespace: databaseOf(url), onCommit: committed },
    outbox: createOutbox(service, registry),
  });
  const onCommit = (listener: CommitListener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  return {
    db,
    readings: readings.db,
    onCommit,
    transaction: (work) => {
      const context: Context = currentContext() ?? newContext();
      const now = new Date();
      return transaction([context], async (tx) => {
        const effects: Effect[] = [];
        const result = await work({ tx, now, context, effects });
        return { result, entries: effects.map((effect) => ({ effect, context, now })) };
      });
    },
    grouped: (work) => createGrouped(transaction, work),
    runner: (subscription, handlers, { groupSize } = {}) =>
      createRunner({
        ...{ transaction, registry, subscription, handlers },
        ...(groupSize === undefined ? {} : { groupSize }),
      }),
    migrate: async (migrations) => {
      await migrate(db, 'messaging_migration', messagingMigrations);
      await migrate(db, 'migration', migrations);
    },
    startRelay: (transport) => {
      const relay = startRelay({ db, url, service, registry, transport, log });
      onCommit(relay.wake);
      running.push(relay, { stop: measureOutbox(readings.db) });
      return relay;
    },
    backfills: (source) =>
      createBackfills({ db, service, registry, source, log, committed: () => committed([]) }),
    pauses: createPauses({ db, service, log }),
    startTaskRelay: (sink) => {
      const relay = startTaskRelay({ db, sink, log });
      onCommit(relay.wake);
      running.push(relay, { stop: measureTaskOutbox(readings.db) });
      return relay;
    },
    startRetention: (more = []) => {
      const retention = startRetention(db, [...messagingRetention, ...more], log);
      running.push(retention);
      return retention;
    },
    backlog: async (max) => {
      const { rows } = await sql<{ rows: number }>`
        select count(*) as rows from (select 1 from outbox where not_before is null limit ${max}) as waiting`.execute(
        db,
      );
      return rows[0]?.rows ?? 0;
    },
    probe: async () => {
      try {
        await sql`select 1`.execute(db);
      } catch (error) {
        throw classify(error);
      }
    },
    close: async () => {
      await Promise.all(running.map((part) => part.stop()));
      await Promise.all([db.destroy(), readings.close()]);
    },
  };
};

/** The name of the database in its URL. */
const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));
