import type { Log } from '@emporium/bus';
import { type Store, startPoller, type Tx } from '@emporium/store';
import { sql } from 'kysely';
import { type DomainEvent, type EventFormat, eventFormat } from './event-format.ts';
import { type EventRow, eventColumns, type StoredEvent, storedEvent } from './event-store.ts';

/** A read model built from the events of this service; it can be thrown away and built again. */
export interface Projection<Event extends DomainEvent, DB> {
  readonly name: string;
  /** Raised when the model changes: its tables are emptied, and it is built again from the first event. */
  readonly version: number;
  readonly tables: readonly string[];
  /** How older rows are read. */
  readonly format?: EventFormat<Event>;
  /** Applies events in their order; runs in one transaction with the projection's checkpoint. */
  readonly apply: (events: readonly StoredEvent<Event>[], tx: Tx<DB>) => Promise<void>;
}

export const projection = <Event extends DomainEvent, DB>(
  definition: Projection<Event, DB>,
): Projection<Event, DB> => definition;

export interface RunningProjection {
  /** Applies what is committed and readable now, unless another instance does. */
  catchUp(): Promise<void>;
  /** Waits for the batch in progress. */
  stop(): Promise<void>;
}

/** Events applied in one transaction. */
const batchSize = 200;
const pollMs = 1_000;
/** An event becomes readable when every older transaction has ended: look again this soon, in milliseconds. */
const againMs = 50;
/** Wait between batches under load, in milliseconds, so that a batch is many events instead of one. */
const gapMs = 20;

/**
 * Keeps a projection up to date, in one instance at a time: the checkpoint's row is the lock. Events are applied in the order of
 * their transactions, and only those that no running transaction precedes, so that no late commit is skipped. Once a newer
 * version of the projection has been started, this one leaves the tables alone.
 */
export const startProjection = <Event extends DomainEvent, DB>(
  store: Store<DB>,
  definition: Projection<Event, DB>,
  log: Log,
): RunningProjection => {
  const { name, format = eventFormat<Event>() } = definition;
  const facts = { projection: name };
  let isRegistered = false;
  let isSuperseded = false;

  const register = async (): Promise<void> => {
    if (isRegistered) return;
    await sql`
      insert into projection (name, version, transaction, position) values (${name}, 0, '0', 0)
      on conflict do nothing`.execute(store.db);
    isRegistered = true;
  };

  const leaveAlone = (newer: number): Progress => {
    if (!isSuperseded) {
      const versions = { ...facts, version: definition.version, newer };
      log.warn(versions, 'a newer version of this projection has been started: this one leaves it alone');
    }
    isSuperseded = true;
    return 'up to date';
  };

  const applyBatch = (): Promise<Progress> =>
    store.transaction(async ({ tx }) => {
      const checkpoint = await lockCheckpoint(tx, definition);
      if (checkpoint === undefined) return 'behind';
      if (checkpoint.version > definition.version) return leaveAlone(checkpoint.version);
      isSuperseded = false;
      const rows = await readAfter(tx, checkpoint);
      const last = rows.at(-1);
      if (last === undefined) return (await hasMoreAfter(tx, checkpoint)) ? 'behind' : 'up to date';
      await definition.apply(
        rows.map((row) => storedEvent(row, format)),
        tx,
      );
      await sql`
        update projection set transaction = ${last.transaction}::xid8, position = ${last.position}
        where name = ${name}`.execute(tx);
      return 'applied';
    });

  /** One at a time in this process, so that a call does not find the checkpoint locked by another one. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined); // the caller handles it
    return next;
  };

  const poller = startPoller({
    name: 'projection',
    facts,
    log,
    gapMs,
    run: () =>
      inTurn(async () => {
        await register();
        return nextRunMs[await applyBatch()];
      }),
  });
  const removeListener = store.onCommit(poller.wake);

  return {
    catchUp: () =>
      inTurn(async () => {
        await register();
        while ((await applyBatch()) === 'applied');
      }),
    stop: async () => {
      removeListener();
      await poller.stop();
      await last;
    },
  };
};

/** What one transaction achieved; `behind` when there are events that it could not read yet, or another instance has the lock. */
type Progress = 'applied' | 'up to date' | 'behind';

/** Milliseconds until the next run. */
const nextRunMs: Readonly<Record<Progress, number>> = { applied: 0, 'up to date': pollMs, behind: againMs };

interface ReadRow extends EventRow {
  readonly transaction: string;
  readonly position: number;
}

interface Checkpoint {
  readonly version: number;
  readonly transaction: string;
  readonly position: number;
}

const readAfter = async <DB>(tx: Tx<DB>, { transaction, position }: Checkpoint): Promise<ReadRow[]> => {
  const { rows } = await sql<ReadRow>`
    select ${eventColumns}, transaction::text as transaction, position from event
    where (transaction, position) > (${transaction}::xid8, ${position})
      and transaction < pg_snapshot_xmin(pg_current_snapshot())
    order by event.transaction, event.position limit ${batchSize}`.execute(tx);
  return rows;
};

/** Whether there are events that cannot be read yet. Without the order the planner reads the whole table from its start. */
const hasMoreAfter = async <DB>(tx: Tx<DB>, { transaction, position }: Checkpoint): Promise<boolean> => {
  const { rows } = await sql`
    select from event where (transaction, position) > (${transaction}::xid8, ${position})
    order by transaction, position limit 1`.execute(tx);
  return rows.length > 0;
};

/** The checkpoint, locked; undefined while another instance has the lock. A new version starts with empty tables. */
const lockCheckpoint = async <Event extends DomainEvent, DB>(
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
