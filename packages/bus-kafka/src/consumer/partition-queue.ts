import type { Entry } from './entry.ts';
import { carefulAfter } from './owned-partition.ts';

/** Messages that wait for their delivery, in the order of reading. An unordered subscription has one queue, an ordered one a queue per slot. */
export interface PartitionQueue {
  readonly waiting: Entry[];
  /** Deliveries that have begun and not ended. */
  running: number;
  /** The first message, while it waits for its next attempt and nothing may overtake it. */
  blockedBy: Entry | undefined;
}

export const createPartitionQueue = (): PartitionQueue => ({ waiting: [], running: 0, blockedBy: undefined });

/** Takes the next message that may begin. Of a partition whose owners keep crashing only the first unfinished message may. */
export const takeNext = (queue: PartitionQueue): Entry | undefined => {
  const [first] = queue.waiting;
  if (first === undefined || mayBegin(first)) return queue.waiting.shift();
  const index = queue.waiting.findIndex(mayBegin);
  return index === -1 ? undefined : queue.waiting.splice(index, 1)[0];
};

const mayBegin = ({ owned, offset }: Entry): boolean =>
  owned.crashes < carefulAfter || owned.offsets.head() === offset;
