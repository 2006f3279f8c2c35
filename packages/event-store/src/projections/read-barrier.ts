import type { Log } from '@emporium/bus';
import { type Poller, startPoller } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Position } from './read-order.ts';

/** `unknown`: no transaction of this database has had that version yet. */
export type Reached = 'reached' | 'late' | 'unknown';

/** Lets reads wait until a projection has applied what a write has changed. */
export interface ReadBarrier {
  /** Resolves to `late` after `timeoutMs`. */
  wait(projection: string, version: Position, timeoutMs: number): Promise<Reached>;
  /** A projection of this process has applied events. */
  wake(): void;
  stop(): Promise<void>;
}

interface Waiting {
  readonly projection: string;
  readonly version: Position;
  readonly settle: (outcome: Reached) => void;
}

/** Another instance may be the one that applies events: look this often, in milliseconds, while a read waits. */
const pollMs = 100;
/** While no read waits: the next one wakes the poller. */
const idleMs = 60_000;

/** All waiting reads of a process share one query, which is made when one arrives, when events were applied, and every 100 ms. */
export const createReadBarrier = <DB>(db: Kysely<DB>, log: Log): ReadBarrier => {
  const waiting = new Set<Waiting>();
  let poller: Poller | undefined;

  const look = async (): Promise<number> => {
    const asked = [...waiting];
    if (asked.length === 0) return idleMs;
    const outcomes = await outcomesOf(db, asked);
    asked.forEach((each, index) => {
      const outcome = outcomes[index];
      if (outcome !== undefined && outcome !== 'late') each.settle(outcome);
    });
    return waiting.size === 0 ? idleMs : pollMs;
  };

  return {
    wait: (projection, version, timeoutMs) => {
      poller ??= startPoller({ name: 'read barrier', log, run: look });
      const { promise, resolve } = Promise.withResolvers<Reached>();
      const settle = (outcome: Reached): void => {
        clearTimeout(timer);
        waiting.delete(entry);
        resolve(outcome);
      };
      const entry: Waiting = { projection, version, settle };
      const timer = setTimeout(() => settle('late'), timeoutMs);
      waiting.add(entry);
      poller.wake();
      return promise;
    },
    wake: () => {
      if (waiting.size > 0) poller?.wake();
    },
    stop: async () => {
      for (const { settle } of waiting) settle('late');
      await poller?.stop();
    },
  };
};

/** One outcome for each, in order. */
const outcomesOf = async <DB>(db: Kysely<DB>, asked: readonly Waiting[]): Promise<readonly Reached[]> => {
  const { rows } = await sql<{ outcome: Reached }>`
    select case
      when wanted.transaction >= pg_snapshot_xmax(pg_current_snapshot()) then 'unknown'
      when (projection.transaction, projection.position) >= (wanted.transaction, wanted.position) then 'reached'
      else 'late'
    end as outcome
    from unnest(
      ${asked.map(({ projection }) => projection)}::text[],
      ${asked.map(({ version }) => version.transaction)}::xid8[],
      ${asked.map(({ version }) => version.position)}::bigint[]
    ) with ordinality as wanted (name, transaction, position, place)
    left join projection on projection.name = wanted.name
    order by place`.execute(db);
  return rows.map(({ outcome }) => outcome);
};
