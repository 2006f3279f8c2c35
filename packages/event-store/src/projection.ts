import { type Log, messageOf } from '@emporium/bus';
import { classify, type Store, type Tx } from '@emporium/store';
import { sql } from 'kysely';
import type { DomainEvent, StoredEvent } from './event-store.ts';

/** A read model built from the events of this service; it can be thrown away and built again. */
export interface Projection<Event extends DomainEvent, DB> {
  readonly name: string;
  /** Raised when the model changes: its tables are emptied, and it is built again from the first event. */
  readonly version: number;
  readonly tables: readonly string[];
  /** Applies events in their order; runs in one transaction with the projection's checkpoint. */
  readonly apply: (events: readonly StoredEvent<Event>[], tx: Tx<DB>) => Promise<void>;
}

export const projection = <Event extends DomainEvent, DB>(
  definition: Projection<Event, DB>,
): Projection<Event, DB> => definition;

export interface RunningProjection {
  /** Applies everything that is committed now. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

const batchSize = 200;
const pollMs = 1_000;
/** An event becomes readable when every older transaction has ended: look again this soon, in milliseconds. */
const againMs = 50;

/**
 * Keeps a projection up to date, in one instance at a time: the checkpoint's row is the lease. It reads in the order of
 * transactions, and only those that no running transaction precedes, so that no late commit is skipped.
 */
export const startProjection = <Event extends DomainEvent, DB>(
  store: Store<DB>,
  definition: Projection<Event, DB>,
  log: Log,
): RunningProjection => {
  let stopping = false;
  let woken = false;
  let wakeUp: () => void = () => undefined;

  const step = (): Promise<number> =>
    store.transaction(async ({ tx }) => {
      const checkpoint = await claim(tx, definition);
      if (checkpoint === undefined) return 0;
      const { rows } = await sql<ReadRow>`
        select id, stream, version, at, data, transaction::text as transaction, position from event
        where (transaction, position) > (${checkpoint.transaction}::xid8, ${checkpoint.position})
          and transaction < pg_snapshot_xmin(pg_current_snapshot())
        order by transaction, position limit ${batchSize}`.execute(tx);
      const last = rows.at(-1);
      if (last === undefined) return 0;
      await definition.apply(
        rows.map(({ id, stream, version, at, data }) => ({ id, stream, version, at, event: data as Event })), // as stored
        tx,
      );
      await sql`
        update projection set transaction = ${last.transaction}::xid8, position = ${last.position}
        where name = ${definition.name}`.execute(tx);
      return rows.length;
    });

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  let registered = false;
  const register = async (): Promise<void> => {
    await sql`
      insert into projection (name, version, transaction, position) values (${definition.name}, 0, '0', 0)
      on conflict do nothing`.execute(store.db);
    registered = true;
  };

  const catchUp = async (): Promise<void> => {
    if (!registered) await register();
    while ((await step()) > 0);
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      const again = woken;
      woken = false;
      try {
        await catchUp();
      } catch (error) {
        log.warn({ projection: definition.name }, `the projection waits: ${messageOf(classify(error))}`);
      }
      if (!woken && !stopping) await pause(again ? againMs : pollMs);
    }
  };

  const unhook = store.onCommit(() => {
    woken = true;
    wakeUp();
  });
  const running = loop();
  return {
    catchUp,
    stop: async () => {
      unhook();
      stopping = true;
      wakeUp();
      await running;
    },
  };
};

interface ReadRow {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly at: Date;
  readonly data: DomainEvent;
  readonly transaction: string;
  readonly position: number;
}

interface Checkpoint {
  readonly version: number;
  readonly transaction: string;
  readonly position: number;
}

/** The checkpoint, locked; undefined while another instance has it. A new version starts from nothing. */
const claim = async <Event extends DomainEvent, DB>(
  tx: Tx<DB>,
  { name, version, tables }: Projection<Event, DB>,
): Promise<Checkpoint | undefined> => {
  const { rows } = await sql<Checkpoint>`
    select version, transaction::text as transaction, position from projection
    where name = ${name} for update skip locked`.execute(tx);
  const checkpoint = rows[0];
  if (checkpoint === undefined || checkpoint.version >= version) return checkpoint;
  for (const table of tables) await sql`delete from ${sql.table(table)}`.execute(tx);
  await sql`update projection set version = ${version}, transaction = '0', position = 0 where name = ${name}`.execute(
    tx,
  );
  return { version, transaction: '0', position: 0 };
};
