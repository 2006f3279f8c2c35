import { busErrors } from '@emporium/bus';
import { maxTimerMs, partitionCount } from '@emporium/bus/transport';
import type { QueryResultRow } from 'pg';
import { type Entry, entryOf, type MessageRow } from '../entry.ts';
import { memberLock, messageColumns } from '../schema.ts';
import type { Session } from '../session.ts';
import type { Declared, Source } from './source.ts';

/** How many messages of a partition are read at one time. */
const readAhead = 16;

interface Partition {
  /** Read, and not begun. */
  buffer: Entry[];
  /** The one delivery in progress. */
  busy: Entry | undefined;
  mayHaveMore: boolean;
  /** Runs while the first message waits for its next attempt, and all others behind it. */
  blocked: NodeJS.Timeout | undefined;
  /** Above this instance's share: given up when the delivery in progress has ended. */
  leaving: boolean;
}

/**
 * The messages of an ordered subscription: those of the partitions that this session has locked, one at a time of each, in the
 * order of publishing. Instances share the partitions evenly; those of an instance that died are free at once, and found within a
 * second.
 */
export const createPartitions = (
  session: Session,
  { id: subscriptionId, name }: Declared,
  wake: () => void,
): Source => {
  const { locked, mutex } = session.locks(subscriptionId);
  const owned = new Map<number, Partition>();
  let short = false;
  let state: 'new' | 'joined' | 'closed' = 'new';

  const acquire = (partition: number): void => {
    locked.add(String(partition));
    owned.set(partition, {
      buffer: [],
      busy: undefined,
      mayHaveMore: true,
      blocked: undefined,
      leaving: false,
    });
  };

  const lose = (partition: number): void => {
    clearTimeout(owned.get(partition)?.blocked);
    owned.delete(partition);
    locked.delete(String(partition));
  };

  const giveUp = async (partitions: readonly number[]): Promise<void> => {
    partitions.forEach(lose);
    if (partitions.length === 0) return;
    await session.query(unlock, [subscriptionId, partitions]);
    session.notifyChange(subscriptionId);
  };

  const block = (partition: Partition, ms: number): void => {
    clearTimeout(partition.blocked);
    partition.buffer = [];
    partition.blocked = setTimeout(() => {
      partition.blocked = undefined;
      partition.mayHaveMore = true;
      wake();
    }, Math.min(ms, maxTimerMs) + 1);
  };

  const idle = (): [number, Partition][] =>
    [...owned].filter(
      ([, { busy, blocked, leaving }]) => busy === undefined && blocked === undefined && !leaving,
    );

  const read = async (): Promise<void> => {
    const empty = idle().filter(([, { buffer, mayHaveMore }]) => buffer.length === 0 && mayHaveMore);
    if (empty.length === 0) return;
    for (const [, partition] of empty) partition.mayHaveMore = false;
    const rows = await session.query<HeadRow>(heads, [
      subscriptionId,
      empty.map(([number]) => number),
      readAhead,
      name,
    ]);
    for (const [number, partition] of empty) {
      const mine = rows.filter((row) => row.partition === number);
      const waiting = mine.findIndex(({ due_in_ms }) => due_in_ms > 0);
      partition.buffer = (waiting < 0 ? mine : mine.slice(0, waiting)).map(entryOf);
      if (waiting === 0) block(partition, mine[0]?.due_in_ms ?? 0);
      else if (waiting > 0 || mine.length === readAhead) partition.mayHaveMore = true;
    }
  };

  /** Acquires free partitions and gives up those above this instance's share. */
  const balance = (): Promise<void> =>
    mutex.run(async () => {
      if (state !== 'joined') return;
      const share = shareOf(await session.query<Place>(place, [subscriptionId]));
      const excess = [...owned.keys()].slice(share);
      for (const partition of [...owned.values()].slice(share)) partition.leaving = true;
      await giveUp(excess.filter((number) => owned.get(number)?.busy === undefined));
      const others = Array.from({ length: partitionCount }, (_, number) => number).filter(
        (number) => !locked.has(String(number)),
      );
      const free = await session.query<{ partition: number }>(lock, [
        subscriptionId,
        others,
        Math.max(0, share - owned.size),
      ]);
      for (const { partition } of free) acquire(partition);
      if (free.length > 0) wake();
      short = owned.size < share;
    });

  const balanceLater = (): void => {
    void balance().catch(() => {}); // the next tick tries again
  };

  return {
    open: async () => {
      await session.query(join, [subscriptionId]);
      state = 'joined';
      await balance();
      session.notifyChange(subscriptionId);
    },
    mayHaveMore: () => idle().some(([, { buffer, mayHaveMore }]) => buffer.length > 0 || mayHaveMore),
    refresh: () => {
      for (const partition of owned.values()) partition.mayHaveMore = true;
    },
    fetch: async (limit) => {
      // If the session is lost, others may own the partitions by now.
      if (!session.connected()) throw busErrors.broker_away();
      await read();
      const begun = idle()
        .filter(([, { buffer }]) => buffer.length > 0)
        .slice(0, limit);
      return begun.flatMap(([number, partition]) => {
        // Last in turn now, so that no partition starves when there are fewer slots than partitions.
        owned.delete(number);
        owned.set(number, partition);
        partition.busy = partition.buffer.shift();
        return partition.busy ?? [];
      });
    },
    release: (entry, blockedMs) => {
      const partition = owned.get(entry.partition);
      if (partition?.busy !== entry) return;
      partition.busy = undefined;
      if (blockedMs !== undefined) block(partition, blockedMs);
      if (partition.leaving) void giveUp([entry.partition]).catch(() => {}); // a lost session has no locks
    },
    giveBack: async (entries) => {
      for (const entry of entries) {
        const partition = owned.get(entry.partition);
        if (partition?.busy !== entry) continue;
        partition.busy = undefined;
        partition.buffer.unshift(entry);
      }
    },
    relock: async (run, entries) => {
      if (state === 'joined') await run(join, [subscriptionId]);
      const rows = await run<{ partition: number }>(lock, [
        subscriptionId,
        [...owned.keys()],
        partitionCount,
      ]);
      const relocked = new Set(rows.map(({ partition }) => partition));
      for (const [number, partition] of [...owned]) {
        if (!relocked.has(number)) lose(number);
        else Object.assign(partition, { buffer: [], mayHaveMore: true });
      }
      return entries.filter(({ partition }) => !relocked.has(partition));
    },
    tick: () => {
      // An instance that owns all partitions is told of others. No notification tells of one that died.
      if (owned.size < partitionCount) balanceLater();
      // Another instance has more than its share, and missed the notification.
      if (short) session.notifyChange(subscriptionId);
    },
    onChange: balanceLater,
    close: () =>
      mutex.run(async () => {
        state = 'closed';
        const partitions = [...owned.keys()];
        partitions.forEach(lose);
        await session.query(leave, [subscriptionId, partitions]).catch(() => {}); // a lost session has no locks
        session.notifyChange(subscriptionId);
      }),
  };
};

interface HeadRow extends MessageRow {
  readonly due_in_ms: number;
}

const heads = {
  name: 'bus-heads',
  text: `
    select ${messageColumns}, coalesce(extract(epoch from m.visible_at - clock_timestamp())::float8 * 1000, 0) as due_in_ms
    from bus.subscription s cross join unnest($2::smallint[]) as wanted (partition)
    cross join lateral (
      select * from bus.message m
      where m.subscription_id = s.id and m.partition = wanted.partition order by m.id limit $3
    ) m
    where s.id = $1 and s.name = $4
    order by m.partition, m.id`,
};

const join = { name: 'bus-join', text: `select pg_try_advisory_lock_shared($1::int, ${memberLock})` };

const leave = {
  name: 'bus-leave',
  text: `
    select pg_advisory_unlock_shared($1::int, ${memberLock}),
      (select count(pg_advisory_unlock($1::int, partition)) from unnest($2::int[]) as owned (partition))`,
};

const lock = {
  name: 'bus-lock',
  text: `
    select partition from unnest($2::int[]) as free (partition)
    where pg_try_advisory_lock($1::int, partition) limit $3`,
};

const unlock = {
  name: 'bus-unlock',
  text: 'select pg_advisory_unlock($1::int, partition) from unnest($2::int[]) as owned (partition)',
};

interface Place extends QueryResultRow {
  readonly members: number;
  /** How many members come before this one. */
  readonly before: number;
}

/** Shares differ by one at most, and sum up to all partitions. */
const shareOf = ([place]: readonly Place[]): number => {
  const { members, before } = place ?? { members: 1, before: 0 };
  return Math.floor(partitionCount / members) + (before < partitionCount % members ? 1 : 0);
};

const place = {
  name: 'bus-place',
  text: `
    select greatest(1, count(*))::int as members, (count(*) filter (where pid < pg_backend_pid()))::int as before
    from (
      select distinct pid from pg_locks
      where locktype = 'advisory' and objsubid = 2 and classid = $1::int::oid and objid = ${memberLock} and granted
        and database = (select oid from pg_database where datname = current_database())
    ) as members`,
};
