import { randomUUID } from 'node:crypto';
import { createMutex, maxTimerMs, type Settling } from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import { type Entry, entriesOf, listOf } from '../entry.ts';
import { partitionQueueOf } from '../names.ts';
import { createPartitionLease, type OwnedPartition, type Retrying } from './partition-lease.ts';
import { createPartitionSettling } from './partition-settlement.ts';
import { openReader } from './reader.ts';
import { leaseMs, type Redelivery, type Source, waitMs } from './source.ts';

/** How many messages of a partition are read at one time. */
const readAhead = 32;
/** A partition is read again when no more than this many of its messages are waiting. */
const fewLeft = 8;

interface Partition {
  readonly number: number;
  /** Read, and not begun. */
  waiting: Entry[];
  /** The last entry that was read. */
  last: string;
  /** The one delivery in progress. */
  busy: Entry | undefined;
  /** Runs while the first message waits for its next attempt, and all others behind it. */
  blocked: NodeJS.Timeout | undefined;
  /** That message, as the owner before this one left it. */
  retrying: Retrying | undefined;
  /** Above this instance's share: given up when the delivery in progress has ended. */
  leaving: boolean;
}

/**
 * The messages of an ordered subscription: those of the partitions that this instance owns, one at a time of each, in the order
 * of publishing. Settled messages are deleted, so that the next owner begins where this one ended. Instances share the partitions
 * evenly; those of an instance that died are free when its lease ends.
 */
export const createPartitions = (
  connection: Connection,
  name: string,
  wake: () => void,
): { readonly source: Source; readonly settling: Settling<Entry> } => {
  const { commands, upFor } = connection;
  const instance = randomUUID();
  const lease = createPartitionLease(connection, name, instance);
  const owned = new Map<number, Partition>();
  const reader = openReader(connection, name, () => {});
  let reading: ReadonlySet<Partition> = new Set();
  let leaseUntil = 0;
  let closed = false;
  // Each change of ownership must know the one before it.
  const mutex = createMutex();

  const toRead = (): Partition[] =>
    [...owned.values()].filter(({ waiting, leaving }) => waiting.length <= fewLeft && !leaving);

  /** Partitions that can be given up at once. */
  const free = (): Partition[] =>
    [...owned.values()].filter(({ leaving, busy }) => leaving && busy === undefined);

  const block = (partition: Partition, ms: number): void => {
    clearTimeout(partition.blocked);
    const now = Math.min(ms, maxTimerMs);
    partition.blocked = setTimeout(() => {
      if (ms > now) return block(partition, ms - now);
      partition.blocked = undefined;
      wake();
    }, now + 1);
  };

  const acquire = ({ number, retrying }: OwnedPartition): void => {
    const partition: Partition = {
      number,
      waiting: [],
      last: '0-0',
      busy: undefined,
      blocked: undefined,
      retrying,
      leaving: false,
    };
    owned.set(number, partition);
    if (retrying !== undefined && retrying.dueMs > 0) block(partition, retrying.dueMs);
  };

  const lose = (partition: Partition): Entry[] => {
    clearTimeout(partition.blocked);
    owned.delete(partition.number);
    return partition.busy === undefined ? [] : [partition.busy];
  };

  /** Acquires free partitions and gives up those above this instance's share. Returns the entries that others have taken over. */
  const balance = async (): Promise<Entry[]> => {
    if (closed) return [];
    const start = performance.now();
    const hasLapsed = start > leaseUntil;
    const { share, partitions } = await lease.renew({
      leaving: free().map(({ number }) => number),
      // After an outage the other instances get the time to renew first.
      mayEvict: upFor() >= leaseMs,
    });
    leaseUntil = start + leaseMs;
    const lost = [...owned.values()].filter(({ number }) => !partitions.has(number)).flatMap(lose);
    for (const partition of hasLapsed ? owned.values() : []) {
      // Another instance may have owned it meanwhile, and handled what was read.
      partition.waiting = [];
      partition.last = partition.busy?.entry ?? '0-0';
      partition.retrying = partitions.get(partition.number)?.retrying;
    }
    for (const [number, partition] of partitions) if (!owned.has(number)) acquire(partition);
    [...owned.values()].forEach((partition, index) => {
      partition.leaving = index >= share;
    });
    if (toRead().some((partition) => !reading.has(partition))) reader.interrupt();
    wake();
    return free().length > 0 ? [...lost, ...(await balance())] : lost;
  };

  const read = async (partitions: readonly Partition[]): Promise<void> => {
    const from = partitions.map(({ last }) => last);
    const streams = partitions.map(({ number }) => partitionQueueOf(name, number));
    const args = ['COUNT', readAhead, 'BLOCK', waitMs, 'STREAMS', ...streams, ...from];
    for (const stream of listOf(await reader.read('XREAD', ...args))) {
      const [key, entries] = listOf(stream);
      const index = streams.indexOf(String(key));
      const partition = partitions[index];
      // It was lost or reset while the read waited.
      if (partition === undefined || owned.get(partition.number) !== partition) continue;
      if (partition.last !== from[index]) continue;
      const found = entriesOf(entries, String(key), partition.number).map(withAttempt(partition.retrying));
      partition.waiting.push(...found);
      partition.last = found.at(-1)?.entry ?? partition.last;
    }
  };

  const redeliver = (partition: Partition, entry: Entry, { attempt, delayMs }: Redelivery): void => {
    partition.waiting.unshift({ ...entry, attempt });
    block(partition, delayMs);
  };

  const source: Source = {
    open: async () => {
      // Streams that were created again are read from their beginning.
      leaseUntil = 0;
      await mutex.run(balance);
    },
    wants: (room) => room > 0 && toRead().length > 0,
    fetch: async () => {
      const partitions = toRead();
      reading = new Set(partitions);
      try {
        await read(partitions);
      } finally {
        reading = new Set();
      }
    },
    interrupt: reader.interrupt,
    next: () => {
      if (performance.now() > leaseUntil) return undefined;
      for (const [number, partition] of owned) {
        const { busy, blocked, leaving, waiting } = partition;
        if (busy !== undefined || blocked !== undefined || leaving || waiting.length === 0) continue;
        // Last in turn now, so that no partition starves when there are fewer slots than partitions.
        owned.delete(number);
        owned.set(number, partition);
        partition.busy = waiting.shift();
        return partition.busy;
      }
      return undefined;
    },
    release: (entry, redelivery) => {
      const partition = owned.get(entry.partition);
      if (partition?.busy !== entry) return;
      partition.busy = undefined;
      if (redelivery !== undefined) redeliver(partition, entry, redelivery);
      if (partition.leaving) void mutex.run(balance).catch(() => {}); // the next tick tries again
      if (partition.waiting.length <= fewLeft && reading.size > 0 && !reading.has(partition))
        reader.interrupt();
    },
    tick: () => mutex.run(balance),
    giveBackWaiting: async () => {}, // no other instance reads these partitions before they change owners
    // Unsettled messages are still in their streams, in front.
    close: () =>
      mutex.run(async () => {
        closed = true;
        for (const partition of [...owned.values()]) lose(partition);
        await reader.close();
        if (commands.connected()) await lease.leave();
      }),
  };

  return { source, settling: createPartitionSettling(connection, name, instance) };
};

/** The message that the owner before this one retried keeps the attempt that was stored then. */
const withAttempt =
  (retrying: Retrying | undefined) =>
  (entry: Entry): Entry =>
    retrying?.entry === entry.entry ? { ...entry, attempt: retrying.attempt } : entry;
