import type { Message } from '@emporium/bus';
import type { Contract, ServiceName } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { type Generated, sql } from 'kysely';
import {
  type Changed,
  createStore,
  handlersFor,
  type Migrations,
  type Store,
  statements,
  type Tx,
} from '../../src/index.ts';
import { registry } from './counting.ts';
import { createMemoryLog } from './log.ts';

/** The tables of the service under test: a counter with its value, each effect that was had, and what was heard of them. */
export interface Counters {
  counter: { name: string; value: number };
  effect: { id: Generated<number>; counter: string; n: number };
  heard: { id: Generated<number>; counter: string; n: number };
}

export const counterMigrations: Migrations = {
  '001-counters': statements(
    'create table counter (name text primary key, value integer not null)',
    'create table effect (id bigint generated always as identity, counter text not null, n integer not null)',
    'create table heard (id bigint generated always as identity, counter text not null, n integer not null)',
  ),
};

export const { handle, handleBatch, callOutside, unitOfWork } = handlersFor<Counters>();

/** The effects of a counter, in their order; a change adds one. Notes which counters were loaded and saved together. */
export const talliesOf = (
  notes: { loaded?: string[][]; saved?: string[][] } = {},
  tables: readonly string[] = ['counter', 'effect'],
) =>
  unitOfWork({
    tables,
    idOf: ({ counter }: { readonly counter: string }) => counter,
    initial: [] as readonly number[],
    load: async (tx, counters) => {
      notes.loaded?.push([...counters]);
      const locked = await tx
        .selectFrom('counter')
        .select('name')
        .where('name', 'in', [...counters])
        .orderBy('name')
        .forUpdate()
        .execute();
      const rows = await tx
        .selectFrom('effect')
        .select(['counter', 'n'])
        .where('counter', 'in', [...counters])
        .orderBy('id')
        .execute();
      const known = Map.groupBy(rows, ({ counter }) => counter);
      return new Map(locked.map(({ name }) => [name, (known.get(name) ?? []).map(({ n }) => n)]));
    },
    evolve: (state, n: number) => [...state, n],
    save: async (tx: Tx<Counters>, changed: readonly Changed<readonly number[], number>[]) => {
      notes.saved?.push(changed.map(({ id }) => id));
      const added = changed.filter(({ isNew }) => isNew).map(({ id }) => ({ name: id, value: 0 }));
      if (added.length > 0) await tx.insertInto('counter').values(added).execute();
      const rows = changed.flatMap(({ id, changes }) => changes.map((n) => ({ counter: id, n })));
      await tx.insertInto('effect').values(rows).execute();
    },
  });

export const tallies = talliesOf();

export interface TestStore {
  readonly store: Store<Counters>;
  readonly url: string;
  readonly log: ReturnType<typeof createMemoryLog>;
  /** Another process's view of the same database. */
  again(options?: { connections?: number; service?: ServiceName }): Store<Counters>;
  /** Forgets all rows and all that was logged. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** A store on an empty, migrated database of its own. */
export const openTestStore = async (
  serverUrl: string,
  { connections = 5 }: { connections?: number } = {},
): Promise<TestStore> => {
  const { url, drop } = await freshDatabase(serverUrl);
  const log = createMemoryLog();
  const stores: Store<Counters>[] = [];
  const again: TestStore['again'] = ({ connections: most = connections, service = 'inventory' } = {}) => {
    const store = createStore<Counters>({ service, registry, url, log, connections: most });
    stores.push(store);
    return store;
  };
  const store = again();
  await store.migrate(counterMigrations);
  return {
    store,
    url,
    log,
    again,
    empty: async () => {
      log.lines.length = 0;
      await sql`truncate counter, effect, heard, outbox, inbox, begun, idempotency_key`.execute(store.db);
    },
    close: async () => {
      await Promise.all(stores.map((each) => each.close()));
      await drop();
    },
  };
};

let made = 0;

/** A message as the pipeline hands it to a runner. */
export const received = <C extends Contract>(
  contract: C,
  data: Record<string, unknown>,
  more: Partial<Message<C>> = {},
): Message<C> => {
  made += 1;
  const id = more.id ?? `message-${made}`;
  return {
    id,
    contract,
    data: data as Message<C>['data'], // the tests give what the contract says
    key: String(data[contract.key]),
    time: new Date(),
    context: { correlationId: 'test', causationId: id, traceparent: '', hops: 0 },
    source: '/emporium/order',
    ...more,
  };
};
