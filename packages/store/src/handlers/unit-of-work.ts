import { type Effects, permanent } from '@emporium/bus';
import { sql } from 'kysely';
import type { Tx } from '../transaction.ts';

/** What a decision returns: what changes, and what should follow. */
export interface Decision<Change> {
  /** Left out where nothing changes. */
  readonly change?: Change;
  readonly effects?: Effects;
}

/** A state that has changed, with the changes that made it so, in order. */
export interface Changed<State, Change> {
  readonly id: string;
  readonly state: State;
  readonly changes: readonly Change[];
}

/** What follows from the changes themselves: for each of the `changed`, the effects of each of its changes. */
export type Followed = readonly (readonly Effects[])[];

export interface UnitOfWorkDefinition<Subject, State, Change, DB> {
  /** The tables whose rows it locks. A subscription has one unit of work at most for each table. */
  readonly tables: readonly string[];
  /** The state that a message is about. */
  idOf(subject: Subject): string;
  /** What is decided on where nothing is stored. */
  readonly initial: State;
  /**
   * Locks the rows of these ids, in the order of the ids, and returns their states; an id without a row is left out. `subjects`
   * is what the messages of the group say, where rows of other tables depend on that.
   */
  load(tx: Tx<DB>, ids: readonly string[], subjects: readonly Subject[]): Promise<ReadonlyMap<string, State>>;
  /** The state after a change. */
  evolve(state: State, change: Change): State;
  /**
   * Writes what has changed, set-based. All rows are locked: nobody else writes them, or inserts one of these ids. May return
   * effects, such as the public events of an aggregate.
   */
  save(tx: Tx<DB>, changed: readonly Changed<State, Change>[], now: Date): Promise<Followed | undefined>;
}

/** What one decision of a group came to. */
export interface Decided<D> {
  readonly decision: D;
  /** What follows from its change besides. */
  readonly followed: Effects;
}

/** What a group is decided in. */
export interface DecideContext<DB> {
  readonly tx: Tx<DB>;
  readonly now: Date;
  /** The ids were made just now, so that there is nothing to load or to lock. */
  readonly areNew?: boolean;
}

/**
 * Fowler's Unit of Work with an Identity Map (https://martinfowler.com/eaaCatalog/unitOfWork.html): what many messages need is
 * loaded and locked once, each is decided on what those before it left, and what changed is saved once.
 */
export interface UnitOfWork<Subject, State, Change, DB> {
  readonly tables: readonly string[];
  /**
   * Decides these items one after the other, in their order, within the caller's transaction. `decide` is pure: it runs again
   * when the transaction collides with another. When it throws, nothing of the group may be committed.
   */
  decideAll<Item extends { readonly data: Subject }, D extends Pick<Decision<Change>, 'change'>>(
    context: DecideContext<DB>,
    items: readonly Item[],
    decide: (item: Item, state: State) => D,
  ): Promise<readonly Decided<D>[]>;
}

export const unitOfWork = <Subject, State, Change, DB>({
  tables,
  idOf,
  initial,
  load,
  evolve,
  save,
}: UnitOfWorkDefinition<Subject, State, Change, DB>): UnitOfWork<Subject, State, Change, DB> => {
  const loadAll = async (
    tx: Tx<DB>,
    items: readonly { readonly data: Subject }[],
  ): Promise<Map<string, State>> => {
    const subjects = items.map(({ data }) => data);
    const ids = [...new Set(subjects.map(idOf))].sort();
    const states = new Map(await load(tx, ids, subjects));
    const absent = ids.filter((id) => !states.has(id));
    if (absent.length === 0) return states;
    await lockAbsent(tx, tables[0] ?? '', absent);
    for (const [id, state] of await load(tx, absent, subjects)) states.set(id, state);
    return states;
  };

  return {
    tables,
    decideAll: async ({ tx, now, areNew = false }, items, decide) => {
      if (items.length === 0) return [];
      const states = areNew ? new Map<string, State>() : await loadAll(tx, items);
      const changes = new Map<string, Change[]>();
      const decided = items.map((item) => {
        const id = idOf(item.data);
        const before = states.get(id) ?? initial;
        const decision = decide(item, before);
        if (decision.change === undefined) return { id, decision };
        states.set(id, evolve(before, decision.change));
        const earlier = changes.get(id) ?? [];
        changes.set(id, [...earlier, decision.change]);
        return { id, decision, place: earlier.length };
      });
      const changed = [...changes].map(([id, of]) => ({ id, state: states.get(id) ?? initial, changes: of }));
      const followed = changed.length === 0 ? undefined : await save(tx, changed, now);
      const byId = new Map(
        followed === undefined
          ? []
          : paired(
              changed.map(({ id }) => id),
              followed,
            ),
      );
      return decided.map(({ id, decision, place }) => ({
        decision,
        followed: place === undefined ? undefined : byId.get(id)?.[place],
      }));
    },
  };
};

/**
 * A row that is not there cannot be locked: its id is, until the transaction ends, so that of two transactions that find none
 * the second waits, and finds what the first has written.
 */
const lockAbsent = async <DB>(tx: Tx<DB>, table: string, ids: readonly string[]): Promise<void> => {
  await sql`
    select pg_advisory_xact_lock(hashtextextended(${table} || '/' || id, 0))
    from unnest(${[...ids]}::text[]) as id`.execute(tx);
};

/** Each item with its result; throws unless there are as many. */
export const paired = <Item, Result>(
  items: readonly Item[],
  results: readonly Result[],
): (readonly [Item, Result])[] => {
  if (results.length !== items.length) {
    throw permanent(`there are ${results.length} results for a group of ${items.length}`);
  }
  return items.map((item, index) => [item, results[index] as Result] as const); // there are as many
};

/** Throws unless the parts of a subscription that lock rows of one table share one unit of work. */
export const assertShared = (
  subscription: string,
  units: readonly { readonly tables: readonly string[] }[],
): void => {
  const owners = new Map<string, object>();
  for (const unit of new Set(units)) {
    for (const table of unit.tables) {
      if (owners.has(table)) {
        throw new Error(
          `${subscription}: two units of work lock rows of ${table}; its handlers must share one, or groups of messages would overwrite each other's changes`,
        );
      }
      owners.set(table, unit);
    }
  }
};
