import { entryOf, type MessageRow } from '../entry.ts';
import { maxFetchBytes, messageColumns } from '../schema.ts';
import type { Session } from '../session.ts';
import type { Declared, Source } from './source.ts';

/** The messages of an unordered subscription, oldest first. Each is locked by an advisory lock of this session on the row's id. */
export const createQueue = (session: Session, { id: subscriptionId, name }: Declared): Source => {
  const { locked, mutex } = session.locks(subscriptionId);
  const settled: string[] = [];
  let hasMore = true;

  const unlock = async (rows: readonly string[]): Promise<void> => {
    if (rows.length > 0) await session.query(unlockAll, [rows]);
  };

  return {
    open: async () => {},
    mayHaveMore: () => hasMore,
    refresh: () => {
      hasMore = true;
    },
    fetch: (limit) =>
      mutex.run(async () => {
        hasMore = false;
        const settledNow = settled.splice(0);
        const values = [subscriptionId, limit, [...locked], settledNow, name];
        const rows = await session.query<MessageRow>(lockNext, values).catch((error: unknown) => {
          settled.push(...settledNow);
          throw error;
        });
        const entries = rows.map(entryOf);
        for (const { row } of entries) locked.add(row);
        const bytes = entries.reduce((sum, { body }) => sum + body.byteLength, 0);
        if (entries.length >= limit || bytes >= maxFetchBytes) hasMore = true;
        return entries;
      }),
    release: ({ row }, blockedMs) => {
      if (!locked.delete(row)) return;
      // The row is gone, so its lock blocks nobody: the next fetch releases it.
      if (blockedMs === undefined) settled.push(row);
      else void unlock([row]).catch(() => {}); // a lost session has no locks
    },
    giveBack: async (entries) => {
      const rows = entries.map(({ row }) => row).filter((row) => locked.delete(row));
      await unlock(rows);
      if (rows.length > 0) session.notify([subscriptionId]);
    },
    relock: async (run, entries) => {
      settled.length = 0;
      for (const { row } of entries) locked.delete(row);
      if (entries.length === 0) return [];
      const relocked = await run<{ id: string }>(relock, [subscriptionId, entries.map(({ row }) => row)]);
      for (const { id } of relocked) locked.add(id);
      return entries.filter(({ row }) => !locked.has(row));
    },
    tick: () => {
      void unlock(settled.splice(0)).catch(() => {}); // a lost session has no locks
    },
    onChange: () => {},
    close: () => unlock(settled.splice(0)).catch(() => {}), // a lost session has no locks
  };
};

/** No subscription has this id: nothing is locked, and the locks of settled messages are still released. */
const noSubscription = -1;

/** Checks the name too: after a reset of the broker another subscription may have the id. */
const lockNext = {
  name: 'bus-claim',
  text: `
    select ${messageColumns} from bus.claim(
      coalesce((select s.id from bus.subscription s where s.id = $1 and s.name = $5), ${noSubscription}), $2, $3, $4
    ) m`,
};

const unlockAll = {
  name: 'bus-let-go',
  text: 'select pg_advisory_unlock(id) from unnest($1::bigint[]) as settled (id)',
};

const relock = {
  name: 'bus-claim-again',
  text: `
    with present as materialized (
      select id from bus.message where subscription_id = $1 and partition = 0 and id = any ($2::bigint[])
    )
    select id from present where pg_try_advisory_lock(id)`,
};
