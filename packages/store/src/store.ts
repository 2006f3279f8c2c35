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
import { createAtomically } from './database/atomically.ts';
import { createDatabase, createPool } from './database/database.ts';
import { classify } from './database/errors.ts';
import { type Migrations, messagingMigrations, migrate } from './database/migrate.ts';
import type { Work } from './database/transaction.ts';
import { createGrouped, type GroupWork } from './grouped.ts';
import type { Handler } from './handlers/handler.ts';
import { createRunner } from './handlers/runner.ts';
import { createOutbox } from './outbox/outbox.ts';
import { type Relay, startRelay } from './outbox/relay.ts';
import { messagingRetention, type Retention, startRetention } from './retention.ts';
import { startTaskRelay } from './task-outbox/task-relay.ts';

export interface StoreOptions {
  readonly service: ServiceName;
  readonly registry: Registry;
  /** The service's own database. */
  readonly url: string;
  readonly log: Log;
  /** Connections at most, beside the relay's one. */
  readonly connections?: number;
}

/** A service's database, and what makes publishing and handling atomic with it. */
export interface Store<DB> {
  /** For reads outside of a transaction. */
  readonly db: Kysely<DB>;
  /**
   * One transaction: the work's own changes and the effects it pushed are committed together, or not at all. The work runs
   * again when it collides with another.
   */
  transaction<Result>(work: (work: Work<DB>) => Promise<Result>): Promise<Result>;
  /**
   * For what many ask for at one time: calls of the function that this gives share a transaction, as deliveries do. Those that
   * come while one is under way share the next, 50 at most; none waits for others to come. When the work throws, it is done for
   * each call by itself, so that a group changes the speed and nothing else. A call whose turn has not come within five seconds
   * rejects with `store.database_away`, and nothing is done for it.
   */
  grouped<Item, Result>(work: GroupWork<DB, Item, Result>): (item: Item) => Promise<Result>;
  /**
   * What the pipeline calls for each message of a subscription; up to `groupSize` of those at hand share a transaction, 50 unless
   * given. Throws unless every contract has its handler.
   */
  runner(
    subscription: Subscription,
    handlers: readonly Handler<DB>[],
    options?: { readonly groupSize?: number },
  ): { readonly run: Run; readonly handles: readonly Contract[] };
  /** Called after each commit of a transaction or a group that wrote effects; gives the way to stop it. */
  onCommit(listener: () => void): () => void;
  /** Runs the toolkit's migrations and then the service's. */
  migrate(migrations: Migrations): Promise<void>;
  startRelay(transport: Transport): Relay;
  /** Hands the tasks that were committed in to their queue. */
  startTaskRelay(sink: TaskSink): Relay;
  startRetention(more?: readonly Retention[]): { stop(): void };
  /** Committed messages that are not published yet, counted up to `most`. */
  backlog(most: number): Promise<number>;
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
  const listeners = new Set<() => void>();
  const running: { stop(): Promise<void> | void }[] = [];
  const committed = () => {
    for (const listener of listeners) listener();
  };
  const atomically = createAtomically({ db, outbox: createOutbox(service, registry), committed });
  const onCommit = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  return {
    db,
    onCommit,
    transaction: (work) => {
      const context: Context = currentContext() ?? newContext();
      const now = new Date();
      return atomically(async (tx) => {
        const effects: Effect[] = [];
        const result = await work({ tx, now, context, effects });
        return { result, entries: effects.map((effect) => ({ effect, context, now })) };
      });
    },
    grouped: (work) => createGrouped(atomically, work),
    runner: (subscription, handlers, { groupSize } = {}) =>
      createRunner({
        ...{ atomically, subscription, handlers },
        ...(groupSize === undefined ? {} : { groupSize }),
      }),
    migrate: async (migrations) => {
      await migrate(db, 'messaging_migration', messagingMigrations);
      await migrate(db, 'migration', migrations);
    },
    startRelay: (transport) => {
      const relay = startRelay({ db, url, service, registry, transport, log });
      onCommit(relay.wake);
      running.push(relay);
      return relay;
    },
    startTaskRelay: (sink) => {
      const relay = startTaskRelay({ db, sink, log });
      onCommit(relay.wake);
      running.push(relay);
      return relay;
    },
    startRetention: (more = []) => {
      const retention = startRetention(db, [...messagingRetention, ...more], log);
      running.push(retention);
      return retention;
    },
    backlog: async (most) => {
      const { rows } = await sql<{ rows: number }>`
        select count(*) as rows from (select 1 from outbox where not_before is null limit ${most}) as waiting`.execute(
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
      await db.destroy();
    },
  };
};
