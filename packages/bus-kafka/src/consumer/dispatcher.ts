import { createDeliveries, type Delivery, type Settling } from '@emporium/bus/transport';
import type { Entry } from './entry.ts';
import type { OwnedPartition } from './owned-partition.ts';
import { createPartitionQueue, type PartitionQueue, takeNext } from './partition-queue.ts';

interface DispatcherOptions {
  /** Deliveries at one time. */
  readonly concurrency: number;
  /** One delivery of a slot at a time. */
  readonly ordered: boolean;
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
  readonly settling: Settling<Entry>;
  readonly onFailure: (entry: Entry, error: unknown) => void;
}

/** Begins the deliveries of what was read, as order and concurrency allow. Suspended until `start`. */
export interface Dispatcher {
  /** Begins every delivery that may begin now. */
  dispatch(): void;
  /** Appends to the queue of its partition, without a dispatch. */
  append(entry: Entry): void;
  /** Appends, and dispatches. */
  enqueue(entry: Entry): void;
  /** Nothing of the entry's queue begins before it is due; then it is the first. */
  block(entry: Entry): void;
  /** Calls `work` after so many milliseconds, unless the partition is lost by then. */
  schedule(owned: OwnedPartition, ms: number, work: () => void): void;
  /** Forgets the messages of a partition that is lost, and aborts their deliveries. */
  drop(owned: OwnedPartition): void;
  /** While partitions may move nothing begins. */
  suspend(): void;
  start(): void;
  isSuspended(): boolean;
  pause(): void;
  resume(): void;
  isPaused(): boolean;
  /**
   * Takes out messages that have waited for `ms`, if all deliveries of this instance run and none was settled for as long: it is
   * stuck. Of an unordered subscription alone.
   */
  takeStuck(ms: number): Entry[];
  /** Resolves when no delivery runs, or after `ms`. */
  idle(ms: number): Promise<unknown>;
  /** Waits up to `ms` for the deliveries that run, and aborts the others. */
  end(ms: number): Promise<unknown>;
}

/** A longer `setTimeout` fires at once. */
const maxTimerMs = 2 ** 31 - 1;

export const createDispatcher = (options: DispatcherOptions): Dispatcher => {
  const { concurrency, ordered, deliver, settling, onFailure } = options;
  const queues = new Map<number, PartitionQueue>();
  let suspended = true;
  let paused = false;
  let settledAt = Date.now();

  const queueOf = ({ slot }: OwnedPartition): PartitionQueue => {
    const number = ordered ? slot : 0;
    const queue = queues.get(number) ?? createPartitionQueue();
    queues.set(number, queue);
    return queue;
  };

  const dispatch = (): void => {
    if (suspended || paused) return;
    for (const queue of queues.values()) {
      while (
        deliveries.count() < concurrency &&
        queue.blockedBy === undefined &&
        !(ordered && queue.running > 0)
      ) {
        const entry = takeNext(queue);
        if (entry === undefined) break;
        queue.running += 1;
        deliveries.begin(entry);
      }
    }
  };

  const deliveries = createDeliveries<Entry>({
    deliver,
    settling,
    onFailure,
    onEnd: (entry) => {
      settledAt = Date.now();
      queueOf(entry.owned).running -= 1;
      dispatch();
    },
  });

  const append = (entry: Entry): void => void queueOf(entry.owned).waiting.push(entry);

  const schedule = (owned: OwnedPartition, ms: number, work: () => void): void => {
    const timer = setTimeout(
      () => {
        owned.timers.delete(timer);
        if (!owned.lost) work();
      },
      Math.min(Math.max(0, ms) + 1, maxTimerMs),
    );
    owned.timers.add(timer);
  };

  return {
    dispatch,
    append,
    enqueue: (entry) => {
      if (entry.owned.lost) return;
      append(entry);
      dispatch();
    },
    block: (entry) => {
      const queue = queueOf(entry.owned);
      queue.blockedBy = entry;
      schedule(entry.owned, entry.dueAt - Date.now(), () => {
        queue.blockedBy = undefined;
        queue.waiting.unshift(entry);
        dispatch();
      });
    },
    schedule,
    drop: (owned) => {
      for (const timer of owned.timers) clearTimeout(timer);
      const queue = queueOf(owned);
      for (const entry of deliveries.list()) {
        if (entry.owned !== owned) continue;
        queue.running -= 1;
        deliveries.giveUp(entry);
      }
      keepOnly(queue, (entry) => entry.owned !== owned);
      if (queue.blockedBy?.owned === owned) queue.blockedBy = undefined;
    },
    suspend: () => {
      suspended = true;
    },
    start: () => {
      suspended = false;
      settledAt = Date.now();
      dispatch();
    },
    isSuspended: () => suspended,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      settledAt = Date.now();
      dispatch();
    },
    isPaused: () => paused,
    takeStuck: (ms) => {
      const queue = queues.get(0);
      const isStuck =
        !ordered &&
        !suspended &&
        !paused &&
        queue !== undefined &&
        deliveries.count() >= concurrency &&
        Date.now() - settledAt > ms;
      if (!isStuck) return [];
      const stuck = queue.waiting.filter(
        ({ arrivedAt, isPassedOn, unreadable }) =>
          !isPassedOn && unreadable === undefined && Date.now() - arrivedAt > ms,
      );
      const taken = new Set(stuck.slice(0, concurrency * 10));
      keepOnly(queue, (entry) => !taken.has(entry));
      return [...taken];
    },
    idle: deliveries.idle,
    end: deliveries.end,
  };
};

const keepOnly = ({ waiting }: PartitionQueue, isKept: (entry: Entry) => boolean): void => {
  waiting.splice(0, waiting.length, ...waiting.filter(isKept));
};
