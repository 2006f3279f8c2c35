import type { Log } from '@emporium/bus';
import { slotOf } from '../group/assigner.ts';
import type { Group } from '../group/group.ts';
import type { Batch } from '../group/session.ts';
import type { CommittedOffset, TopicPartition } from '../kafkajs/coordinator.ts';
import { partitionsOf } from '../topology/topics.ts';
import type { Committer } from './committer.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ConsumerOptions } from './group-consumer.ts';
import { createOffsetTracker } from './offset-tracker.ts';
import type { OwnedPartition } from './owned-partition.ts';
import { decodeProgress } from './progress.ts';

interface OwnedPartitionsOptions
  extends Pick<ConsumerOptions, 'groupId' | 'logsWereReplaced' | 'declaration' | 'beginning'> {
  readonly log: Log;
  readonly instanceId: string;
  readonly dispatcher: Dispatcher;
  readonly group: () => Group;
  readonly committer: Committer;
}

/** The partitions of this instance: what was assigned, where each begins, and what happens when it goes. */
export interface OwnedPartitions {
  readonly all: ReadonlyMap<string, OwnedPartition>;
  get(partition: TopicPartition): OwnedPartition | undefined;
  /** Takes over exactly these, from where the group has come. */
  assign(partitions: readonly TopicPartition[]): Promise<void>;
  drop(owned: OwnedPartition): void;
  dropAll(): void;
  /** Begins a new partition where the batch comes from a log that was made anew. */
  ofBatch(owned: OwnedPartition, batch: Batch): OwnedPartition;
  /** Commits this instance as the owner, before its first delivery. Counts a crash when the owner before had not left. */
  commitOwner(owned: OwnedPartition): Promise<void>;
}

export const createOwnedPartitions = (options: OwnedPartitionsOptions): OwnedPartitions => {
  const { groupId, log, instanceId, dispatcher, group, committer, declaration, beginning } = options;
  const all = new Map<string, OwnedPartition>();

  const drop = (owned: OwnedPartition): void => {
    owned.lost = true;
    all.delete(keyOf(owned.offsets));
    dispatcher.drop(owned);
  };

  const dropAll = (): void => {
    for (const owned of [...all.values()]) drop(owned);
  };

  const create = ({ topic, partition }: TopicPartition): OwnedPartition => ({
    offsets: createOffsetTracker(topic, partition),
    slot: slotOf(topic, partition, partitionsOf(topic)),
    declaration: declaration(),
    restored: decodeProgress(0, ''),
    ownerCommitted: false,
    crashes: 0,
    committed: -1,
    paused: false,
    timers: new Set(),
    queued: Promise.resolve(),
    lost: false,
  });

  /** Its topic was deleted and created again, or the broker lost its data: nothing that was read counts. */
  const replace = (owned: OwnedPartition): OwnedPartition => {
    const { topic, partition } = owned.offsets;
    log.error({ group: groupId, topic, partition }, 'the log begins anew: what it held is gone');
    drop(owned);
    const fresh = create(owned.offsets);
    all.set(keyOf(owned.offsets), fresh);
    return fresh;
  };

  const restore = (known: OwnedPartition, committed: CommittedOffset): void => {
    const progress = decodeProgress(committed.offset, committed.text);
    const isVoid = progress.declaration !== undefined && progress.declaration !== declaration();
    const begins = committed.offset < 0 || isVoid;
    const isBehind = begins ? known.offsets.position() > 0 : committed.offset < known.committed;
    const owned = isBehind ? replace(known) : known;
    owned.paused = false;
    const offset = begins ? beginning(committed) : committed.offset;
    owned.committed = begins ? -1 : committed.offset;
    owned.restored = begins ? decodeProgress(offset, '') : progress;
    owned.ownerCommitted = false;
    owned.crashes = Math.max(owned.crashes, owned.restored.crashes);
    owned.offsets.restore(owned.restored);
    const position = owned.offsets.position();
    if (begins || position > offset) group().seek(owned.offsets, position);
  };

  return {
    all,
    get: (partition) => all.get(keyOf(partition)),
    drop,
    dropAll,
    assign: async (partitions) => {
      if (await options.logsWereReplaced()) dropAll();
      const keys = new Set(partitions.map(keyOf));
      for (const [key, owned] of [...all]) if (!keys.has(key)) drop(owned);
      for (const partition of partitions) {
        if (!all.has(keyOf(partition))) all.set(keyOf(partition), create(partition));
      }
      group().resume(partitions);
      for (const committed of await group().committed(partitions)) {
        const owned = all.get(keyOf(committed));
        if (owned !== undefined) restore(owned, committed);
      }
    },
    ofBatch: (owned, { end, records: [first] }) => {
      // A log that ends before what was read of it is another one.
      if (first === undefined || end >= owned.offsets.position()) return owned;
      const fresh = replace(owned);
      fresh.offsets.restore(decodeProgress(Number(first.offset), ''));
      return fresh;
    },
    commitOwner: (owned) => {
      const { owner } = owned.restored;
      if (owner !== undefined && owner !== instanceId) owned.crashes += 1;
      if (owned.crashes > 1) {
        log.warn(
          { group: groupId, topic: owned.offsets.topic, crashes: owned.crashes },
          'its owners keep ending at one message',
        );
      }
      owned.ownerCommitted = true;
      return committer.commit(owned);
    },
  };
};

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
