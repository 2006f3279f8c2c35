import { randomUUID } from 'node:crypto';
import { messageOf } from '@emporium/bus';
import { atMost } from '@emporium/bus/transport';
import { createGroup, type Group } from '../group/group.ts';
import type { Batch } from '../group/session.ts';
import { createCommitter, partitionLost } from './committer.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Entry } from './entry.ts';
import type { ConsumerOptions, GroupConsumer, SettlementActions } from './group-consumer.ts';
import { crashLimit, type OwnedPartition } from './owned-partition.ts';
import { createOwnedPartitions } from './owned-partitions.ts';
import { watchForStall } from './stall.ts';

/** A partition with more unfinished messages is not fetched until half of them are finished. */
const maxUnfinished = { count: 4_000, bytes: 4 * 1024 * 1024 };

/** Skipped offsets are committed so often. */
const commitIntervalMs = 1_000;

/** A dead letter that could not be written is tried again after so long. */
const deadLetterRetryMs = 250;

export const createConsumer = (options: ConsumerOptions): GroupConsumer => {
  const { connection, groupId, concurrency, ordered, select } = options;
  const { log, config } = connection;
  const instanceId = randomUUID().slice(0, 8);
  let stopping: Promise<void> | undefined;

  const actions: SettlementActions = {
    finish: async ({ owned, offset }) => {
      const wasHead = owned.offsets.head() === offset;
      if (owned.lost || !owned.offsets.finish(offset)) throw partitionLost();
      if (wasHead) owned.crashes = 0;
      if (owned.paused && isBelow(owned, 0.5)) {
        owned.paused = false;
        group.resume([owned.offsets]);
      }
      await committer.commit(owned);
    },
    redeliver: (entry, afterMs) => {
      if (entry.owned.lost) return;
      if (ordered) dispatcher.block({ ...entry, dueAt: Date.now() + afterMs });
      else dispatcher.schedule(entry.owned, afterMs, () => dispatcher.enqueue(entry));
    },
    retryInPlace: async (entry, delayMs) => {
      const { owned, offset } = entry;
      if (owned.lost) throw partitionLost();
      const retry = { attempt: entry.attempt + 1, dueAt: Date.now() + delayMs };
      owned.offsets.setRetry(offset, retry);
      dispatcher.block({ ...entry, ...retry });
      await committer.commit(owned);
    },
  };
  const settling = options.settling(actions);

  const dispatcher = createDispatcher({
    concurrency,
    ordered,
    deliver: options.deliver,
    settling,
    onFailure: ({ id }, error) => {
      log.warn({ group: groupId, messageId: id }, `the delivery failed: ${messageOf(error)}`);
    },
  });
  const committer = createCommitter(() => group, instanceId);
  const partitions = createOwnedPartitions({
    ...options,
    log,
    instanceId,
    dispatcher,
    group: () => group,
    committer,
  });

  /** Commits that this instance leaves properly. Where that fails, the next owner counts a crash. */
  const commitLeaving = async (ms: number): Promise<void> => {
    if (!group.isMember()) return;
    const commits = [...partitions.all.values()].map((owned) => {
      owned.ownerCommitted = false;
      return committer.commit(owned);
    });
    await atMost(ms, Promise.allSettled(commits));
  };

  const onBatch = async (batch: Batch): Promise<void> => {
    const known = partitions.get(batch);
    if (known === undefined) return;
    const owned = partitions.ofBatch(known, batch);
    const entries = await select(batch, owned);
    if (owned.lost) return;
    const fresh = entries.filter(({ offset, body }) => owned.offsets.track(offset, body.byteLength));
    owned.offsets.skip(batch.last);
    if (!owned.paused && !isBelow(owned, 1)) {
      owned.paused = true;
      group.pause(owned.offsets);
    }
    if (fresh.length === 0) return;
    // Not awaited: kafkajs must go on to hear of a rebalance, and the commit may be waiting for its end.
    owned.queued = (
      owned.ownerCommitted ? owned.queued : owned.queued.then(() => partitions.commitOwner(owned))
    )
      .then(() => {
        for (const entry of fresh) accept(entry);
        dispatcher.dispatch();
      })
      .catch(() => {}); // the partition was lost
  };

  const accept = (entry: Entry): void => {
    const { owned, offset } = entry;
    const retry = owned.offsets.retryAt(offset);
    if (owned.lost) return;
    if (owned.crashes >= crashLimit && owned.offsets.head() === offset) deadLetterCrashed(entry);
    else if (retry !== undefined) dispatcher.block({ ...entry, ...retry });
    else if (entry.dueAt > Date.now())
      dispatcher.schedule(owned, entry.dueAt - Date.now(), () => dispatcher.enqueue(entry));
    else dispatcher.append(entry);
  };

  const deadLetterCrashed = (entry: Entry): void => {
    entry.owned.crashes = 0;
    const reason = { code: 'bus.attempts_exhausted', message: 'its consumers ended without settling it' };
    settling
      .deadLetter({ ...entry, attempt: crashLimit }, reason)
      .catch(() => actions.redeliver(entry, deadLetterRetryMs));
  };

  const group: Group = createGroup({
    connection,
    groupId,
    topics: options.topics,
    slots: () => [...new Set([...partitions.all.values()].map(({ slot }) => slot))],
    onRevoke: async () => {
      dispatcher.suspend();
      await dispatcher.idle(config.sessionTimeoutMs / 3);
      await commitLeaving(config.sessionTimeoutMs / 6);
    },
    onAssigned: async (assigned) => {
      await partitions.assign(assigned);
      if (stopping === undefined) dispatcher.start();
    },
    onLost: dispatcher.suspend,
    onBatch,
    onSkipped: ({ last, ...partition }) => partitions.get(partition)?.offsets.skip(last),
  });

  const stall = watchForStall({
    connection,
    trouble: () =>
      dispatcher.isSuspended() || !group.isMember()
        ? (group.trouble() ?? 'it is not in its group')
        : undefined,
    reading: () =>
      dispatcher.isPaused() || dispatcher.isSuspended()
        ? []
        : [...partitions.all.values()].filter(({ paused }) => !paused).map(({ offsets }) => offsets),
  });

  const committing = setInterval(() => {
    if (dispatcher.isSuspended() || !group.isMember()) return;
    for (const owned of partitions.all.values()) committer.commit(owned).catch(() => {}); // lost: the next owner reads it again
  }, commitIntervalMs).unref();

  const stop = async (timeoutMs: number): Promise<void> => {
    clearInterval(committing);
    stall.end();
    dispatcher.suspend();
    await dispatcher.end(timeoutMs);
    for (const { timers } of partitions.all.values()) for (const timer of timers) clearTimeout(timer);
    await commitLeaving(2_000);
    await group.stop();
    partitions.dropAll();
  };

  return {
    owned: partitions.all,
    actions,
    isAssigned: () => !dispatcher.isSuspended(),
    restart: () => group.restart(),
    takeStuck: dispatcher.takeStuck,
    putBack: (entries) => entries.forEach(dispatcher.enqueue),
    status: stall.status,
    pause: async () => dispatcher.pause(),
    resume: async () => dispatcher.resume(),
    stop: ({ timeoutMs = 5_000 } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };
};

const isBelow = ({ offsets }: OwnedPartition, part: number): boolean => {
  const { count, bytes } = offsets.unfinished();
  return count < maxUnfinished.count * part && bytes < maxUnfinished.bytes * part;
};
