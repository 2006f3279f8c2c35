import { entryOf, type MessageRow } from './entry.ts';
import { claimBytes, messageColumns } from './schema.ts';
import type { Session } from './session.ts';
import type { Declared, Source } from './source.ts';

/** The messages of an unordered subscription, oldest first. A claim is this session's lock on the row's id. */
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
        const rows = await session.query<MessageRow>(claim, values).catch((error: unknown) => {
          settled.push(...settledNow);
          throw error;
        });
        const entries = rows.map(entryOf);
        for (const { row } of entries) locked.add(row);
        const bytes = entries.reduce((sum, { body }) => sum + body.byteLength, 0);
        if (entries.length >= limit || bytes >= claimBytes) hasMore = true;
        return entries;
      }),
    release: ({ row }, blockedMs) => {
      if (!locked.delete(row)) return;
      // The lock of a row that is gone is in nobody's way: it goes with the next claim.
      if (blockedMs === undefined) settled.push(row);
      else void unlock([row]).catch(() => {}); // without the session there is no lock
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
      void unlock(settled.splice(0)).catch(() => {}); // without the session there is no lock
    },
    onChange: () => {},
    close: () => unlock(settled.splice(0)).catch(() => {}), // without the session there is no lock
  };
};

/** The id of no subscription: what is settled is let go of all the same. */
const nobody = -1;

/** Of the subscription by its name too: after a reset of the broker its id may be another's. */
const claim = {
  name: 'bus-claim',
  text: `
    select ${messageColumns} from bus.claim(
      coalesce((select s.id from bus.subscription s where s.id = $1 and s.name = $5), ${nobody}), $2, $3, $4
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
