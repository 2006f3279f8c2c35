import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Applies what is committed and readable now, unless another instance does. */
  catchUp(): Promise<void>;
  /** Waits for the batch in progress. */
  stop(): Promise<void>;
}

const batchSize = 200;
const pollMs = 1_000;
/** An event becomes readable when every older transaction has ended: look again this soon, in milliseconds. */
const againMs = 50;
/** After a batch, before the next: under load a batch is many events, and not one each. */
const gapMs = 20;

/**
 * Keeps a projection up to date, in one instance at a time: the checkpoint's row is the lease. It reads in the order of
 * transactions, and only those that no running transaction precedes, so that no late commit is skipped. Where a newer version
 * of it has been started, this one leaves the tables alone.
 */
export const startProjection = <Event extends DomainEvent, DB>(
  store: Store<DB>,
  definition: Projection<Event, DB>,
  log: Log,
): RunningProjection => {
  const { name } = definition;
  let stopping = false;
  let woken = false;
  /** Then it waits for the poll, whatever comes, and makes no busy loop. */
  let troubled = false;
  let wakeUp: () => void = () => undefined;
  let superseded = false;

  const leaveAlone = (version: number): Step => {
    if (!superseded) {
      const facts = { projection: name, version: definition.version, newer: version };
      log.warn(facts, 'a newer version of this projection has been started: this one leaves it alone');
    }
    superseded = true;
    return 'up to date';
  };

  const step = (): Promise<Step> =>
    store.transaction(async ({ tx }) => {
      const checkpoint = await claim(tx, definition);
      if (checkpoint === undefined) return 'behind';
      if (checkpoint.version > definition.version) return leaveAlone(checkpoint.version);
      superseded = false;
      const rows = await readAfter(tx, checkpoint);
      const last = rows.at(-1);
      if (last === undefined) return (await hasMoreAfter(tx, checkpoint)) ? 'behind' : 'up to date';
      await definition.apply(
        rows.map(({ id, stream, version, at, data }) => ({ id, stream, version, at, event: data as Event })), // as stored
        tx,
      );
      await sql`
        update projection set transaction = ${last.transaction}::xid8, position = ${last.position}
        where name = ${name}`.execute(tx);
      return 'applied';
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
      insert into projection (name, version, transaction, position) values (${name}, 0, '0', 0)
      on conflict do nothing`.execute(store.db);
    registered = true;
  };

  const apply = async (): Promise<Step> => {
    if (!registered) await register();
    let result = await step();
    while (result === 'applied' && !stopping) result = await step();
    return result;
  };

  /** One at a time in this process, so that whoever asks does not find the checkpoint taken by itself. */
  let last: Promise<unknown> = Promise.resolve();
  const catchUp = (): Promise<Step> => {
    const next = last.then(apply, apply);
    last = next.catch(() => undefined); // whoever asked is told
    return next;
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      woken = false;
      let waitMs = pollMs;
      try {
        if ((await catchUp()) === 'behind') waitMs = againMs;
        if (troubled) log.info({ projection: name }, 'the projection goes on');
        troubled = false;
      } catch (error) {
        if (!troubled) log.warn({ projection: name }, `the projection waits: ${messageOf(classify(error))}`);
        troubled = true;
      }
      if (stopping) return;
      await (woken && !troubled ? sleep(gapMs) : pause(waitMs));
    }
  };

  const unhook = store.onCommit(() => {
    woken = true;
    if (!troubled) wakeUp();
  });
  const running = loop();
  return {
    catchUp: async () => {
      await catchUp();
    },
    stop: async () => {
      unhook();
      stopping = true;
      wakeUp();
      await running;
    },
  };
};

/** What one transaction of a projection came to; `behind` when there is more than it could read, or another instance is at it. */
type Step = 'applied' | 'up to date' | 'behind';

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

const readAfter = async <DB>(tx: Tx<DB>, { transaction, position }: Checkpoint): Promise<ReadRow[]> => {
  const { rows } = await sql<ReadRow>`
    select id, stream, version, at, data, transaction::text as transaction, position from event
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
