import { partitionOf } from '@emporium/bus';
import { partitionCount } from '@emporium/bus/transport';
import { createPartitionQueue, type Entry, type PartitionQueue } from './partition-queue.ts';

/** One consumer of a queue. */
export interface Receiver {
  /** How many more messages it takes now. */
  capacity(): number;
  begin(entry: Entry, partition: PartitionQueue): void;
}

/** The messages of one subscription, shared by its receivers. */
export interface Queue {
  readonly name: string;
  readonly ordered: boolean;
  /** The types it is bound to. */
  readonly types: Set<string>;
  add(entry: Entry): void;
  join(receiver: Receiver): void;
  leave(receiver: Receiver): void;
  /** Soon delivers the messages that can be delivered. */
  dispatch(): void;
  size(): number;
  /** Messages in progress. */
  unacked(): number;
  /** When the oldest message was published, in milliseconds since 1970. */
  oldest(): number | undefined;
}

export const createQueue = (name: string, ordered: boolean): Queue => {
  const receivers: Receiver[] = [];
  let scheduled = false;

  const dispatch = (): void => {
    if (scheduled) return;
    scheduled = true;
    // Not within the call that published the message: the publisher gets its result first.
    setImmediate(() => {
      scheduled = false;
      if (ordered) dispatchOrdered();
      else dispatchUnordered();
    });
  };

  const partitions = Array.from({ length: ordered ? partitionCount : 1 }, () =>
    createPartitionQueue({ serial: ordered, onReady: dispatch }),
  );

  /** Round robin over the receivers. */
  const dispatchUnordered = (): void => {
    const [partition] = partitions;
    for (let index = receivers.findIndex(isFree); index >= 0; index = receivers.findIndex(isFree)) {
      const entry = partition?.take();
      const [receiver] = entry === undefined ? [] : receivers.splice(index, 1);
      if (partition === undefined || entry === undefined || receiver === undefined) return;
      receivers.push(receiver);
      receiver.begin(entry, partition);
    }
  };

  /** Each partition keeps its receiver while the receivers stay the same. */
  const dispatchOrdered = (): void => {
    for (const [number, partition] of partitions.entries()) {
      const receiver = receivers[number % receivers.length];
      if (receiver === undefined || !isFree(receiver)) continue;
      const entry = partition.take();
      if (entry !== undefined) receiver.begin(entry, partition);
    }
  };

  return {
    name,
    ordered,
    types: new Set(),
    add: (entry) => partitions[ordered ? partitionOf(entry.key) : 0]?.add(entry),
    join: (receiver) => {
      receivers.push(receiver);
      dispatch();
    },
    leave: (receiver) => {
      const index = receivers.indexOf(receiver);
      if (index >= 0) receivers.splice(index, 1);
      dispatch();
    },
    dispatch,
    size: () => partitions.reduce((sum, partition) => sum + partition.size(), 0),
    unacked: () => partitions.reduce((sum, partition) => sum + partition.unacked(), 0),
    oldest: () => {
      const times = partitions.flatMap((partition) => partition.oldest() ?? []);
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
};

const isFree = (receiver: Receiver): boolean => receiver.capacity() > 0;
