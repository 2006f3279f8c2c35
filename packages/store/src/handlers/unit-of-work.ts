import { type Effects, permanent } from '@emporium/bus';
import { isDuplicate, storeErrors } from '../database/errors.ts';
import type { Tx } from '../database/transaction.ts';

/** What a decision returns: what changes, and what should follow. */
export interface Decision<Change> {
  /** Left out where nothing changes. */
  readonly change?: Change | undefined;
  readonly effects?: Effects;
}

/** A state that has changed, with the changes that made it so, in order. */
export interface Changed<State, Change> {
  readonly id: string;
  /** It had no row when it was loaded. */
  readonly isNew: boolean;
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
   * Writes what has changed, set-based and in the order of the ids, in which `changed` comes. Rows that were there are locked. What is new is inserted under a unique key, without an
   * `on conflict`: when another transaction was faster the group is decided again, on what that one wrote. May return effects,
   * such as the public events of an aggregate.
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
  const saveAll: typeof save = async (tx, changed, now) => {
    if (changed.length === 0) return undefined;
    try {
      return await save(tx, changed, now);
    } catch (error) {
      if (isDuplicate(error) && changed.some(({ isNew }) => isNew))
        throw storeErrors.conflict({ cause: error });
      throw error;
    }
  };

  return {
    tables,
    decideAll: async ({ tx, now, areNew = false }, items, decide) => {
      if (items.length === 0) return [];
      const subjects = items.map(({ data }) => data);
      const ids = [...new Set(subjects.map(idOf))].sort();
      const loaded: ReadonlyMap<string, State> = areNew ? new Map() : await load(tx, ids, subjects);
      const changed = new Map<string, Changed<State, Change>>();
      const decided = items.map((item) => {
        const id = idOf(item.data);
        const earlier = changed.get(id);
        const state = earlier === undefined ? (loaded.get(id) ?? initial) : earlier.state;
        const decision = decide(item, state);
        if (decision.change === undefined) return { id, decision };
        const changes = [...(earlier?.changes ?? []), decision.change];
        changed.set(id, { id, isNew: !loaded.has(id), state: evolve(state, decision.change), changes });
        return { id, decision, place: changes.length - 1 };
      });
      const inOrder = ids.flatMap((id) => changed.get(id) ?? []);
      const followed = await saveAll(tx, inOrder, now);
      const byId = new Map(
        followed === undefined ? [] : paired(inOrder, followed).map(([{ id }, effects]) => [id, effects]),
      );
      return decided.map(({ id, decision, place = -1 }) => ({ decision, followed: byId.get(id)?.[place] }));
    },
  };
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
