import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from '@emporium/bus/transport';
import type { Cluster, Consumer, EachBatchPayload } from 'kafkajs';
import type { Connection } from '../connection.ts';
import { type FindCoordinator, interceptJoin, mustBeFound } from '../kafkajs/cluster.ts';
import { byTopic, type CommittedOffset, leaveGroup, type TopicPartition } from '../kafkajs/coordinator.ts';
import type { RawRecord } from '../message-format.ts';
import { NoAnswer } from '../timeouts.ts';
import { createAssigner } from './assigner.ts';

export interface Batch extends TopicPartition {
  readonly records: readonly RawRecord[];
  /** The last offset that was read; it need not be that of a record. */
  readonly last: number;
  /** The offset after the last record of the log. */
  readonly end: number;
}

/** Offsets without a record for anybody: the end of a transaction, or what a compaction left. */
export interface SkippedOffsets extends TopicPartition {
  readonly last: number;
}

export interface GroupOptions {
  readonly connection: Connection;
  readonly groupId: string;
  /** Called at every start. The topics must exist. */
  readonly topics: () => Promise<readonly string[]>;
  readonly slots: () => readonly number[];
  /** The partitions may move when this has resolved: deliveries should have ended, and offsets be committed. */
  readonly onRevoke: () => Promise<void>;
  /** All partitions of this instance. No batch comes before this has resolved. */
  readonly onAssigned: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** The broker was lost: others may have these partitions by now. */
  readonly onLost: () => void;
  /** The next batch of this partition comes when this has resolved; when it rejects, the same one comes again. */
  readonly onBatch: (batch: Batch) => Promise<void>;
  readonly onSkipped: (skipped: SkippedOffsets) => void;
}

/** How often an instance sends a heartbeat; the answer tells of a rebalance. */
const heartbeatMs = 500;

/** How long the broker waits for new records before it answers that there are none. */
const maxWaitMs = 100;

/**
 * How long kafkajs tries before it gives up: about 15 s. A member that comes back after a restart of the broker goes on as it was; a new
 * member waits for the session of the old one to end.
 */
const patientRetry = { initialRetryTime: 100, maxRetryTime: 500, retries: 30, factor: 0.2, multiplier: 2 };

/** Sessions without a heartbeat after which the consumer is replaced. A rebalance may take two. */
const maxSilentSessions = 3;

const disconnectTimeoutMs = 5_000;

/** A batch that failed is offered again after so long. */
const batchRetryMs = 250;

/** A membership that has lasted so long counts as stable. */
const stableMs = 10_000;

/** What a session needs of the group that opens one session after the other. */
export interface SessionHooks {
  readonly isStopped: () => boolean;
  /** The member id that an earlier session left in the group, once. */
  readonly takeOrphan: () => string | undefined;
  readonly onStable: () => void;
  readonly onBatchFailed: (partition: TopicPartition, error: unknown, facts: object) => void;
  readonly onBatchDone: (partition: TopicPartition) => void;
}

/** The life of one kafkajs consumer, from its connection until it fails or is ended. */
export interface Session {
  readonly consumer: Consumer;
  readonly findCoordinator: FindCoordinator;
  /** Resolves after `end()`, rejects when the consumer has failed. */
  run(): Promise<void>;
  end(): void;
  close(): Promise<void>;
  isAssigned(): boolean;
  memberId(): string | undefined;
  commit(offsets: readonly CommittedOffset[]): Promise<void>;
}

export const openSession = (options: GroupOptions, hooks: SessionHooks): Session => {
  const { connection, groupId, topics, slots, onRevoke, onAssigned, onBatch, onSkipped } = options;
  const { config, health } = connection;
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {}); // it may fail while it starts, too
  let isOver = false;
  /** Resolves when `onAssigned` has. */
  let assigned: Promise<void> = Promise.resolve();
  let joinedAt: number | undefined;
  let memberId: string | undefined;
  /** What was assigned last, and in which generation of the group: the first heartbeat after it tells. */
  let partitions: readonly TopicPartition[] | undefined;
  let generation: number | undefined;
  let isJoining = false;
  /** Commits as the member that kafkajs is at that time; it comes with the first batch. */
  let commitAsMember: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;

  const beforeJoin = async (find: FindCoordinator, id: string) => {
    isJoining = true;
    await onRevoke();
    if (hooks.isStopped()) throw Object.assign(new Error('the consumer was stopped'), { retriable: false });
    const coordinator = await find({ groupId: id });
    const orphan = hooks.takeOrphan();
    if (orphan !== undefined) await leaveGroup(coordinator, groupId, orphan).catch(() => {}); // its session has ended
    return coordinator;
  };

  let foundCoordinator: FindCoordinator | undefined;
  const onCluster = (cluster: Cluster): void => {
    foundCoordinator = interceptJoin(cluster, beforeJoin);
  };
  const consumer = connection.client(patientRetry).consumer({
    groupId,
    partitionAssigners: [createAssigner({ slots, onCluster })],
    sessionTimeout: config.sessionTimeoutMs,
    rebalanceTimeout: config.sessionTimeoutMs * 2,
    heartbeatInterval: heartbeatMs,
    maxWaitTimeInMs: maxWaitMs,
    maxBytesPerPartition: 512 * 1024,
    allowAutoTopicCreation: false,
    retry: { ...patientRetry, restartOnFailure: async () => false },
  });
  const findCoordinator = mustBeFound(foundCoordinator);

  const silentMs = maxSilentSessions * config.sessionTimeoutMs;
  const silence = setTimeout(() => ended.reject(new NoAnswer(silentMs)), silentMs).unref();
  const heard = (): void => {
    health.up();
    silence.refresh();
  };
  const assign = (all: readonly TopicPartition[]): void => {
    isJoining = false;
    assigned = onAssigned(all);
    assigned.catch(ended.reject);
  };

  consumer.on(consumer.events.CRASH, ({ payload }) => ended.reject(payload.error));
  consumer.on(consumer.events.HEARTBEAT, ({ payload: { groupGenerationId } }) => {
    heard();
    if (!isJoining) generation = groupGenerationId;
    // The broker was lost before it could join, and kafkajs goes on in the generation that it was in…
    else if (partitions !== undefined && generation === groupGenerationId) assign(partitions);
    // …or it has joined, and kafkajs will not report the assignment any more.
    else ended.reject(new Error('joined without an assignment'));
  });
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize > 0) return; // `take` has seen it
    onSkipped({ topic: payload.topic, partition: payload.partition, last: Number(payload.lastOffset) });
  });
  consumer.on(consumer.events.FETCH, () => {
    if (joinedAt !== undefined && Date.now() - joinedAt >= stableMs) hooks.onStable();
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    heard();
    joinedAt ??= Date.now();
    memberId = payload.memberId;
    partitions = partitionsOf(payload.memberAssignment);
    generation = undefined;
    assign(partitions);
  });

  const take = async (payload: EachBatchPayload): Promise<void> => {
    const { batch, resolveOffset, isStale, commitOffsetsIfNecessary } = payload;
    commitAsMember = commitOffsetsIfNecessary;
    await assigned;
    if (isStale() || isOver) return;
    const { topic, partition, messages } = batch;
    const last = batch.lastOffset();
    try {
      await onBatch({
        topic,
        partition,
        records: messages,
        last: Number(last),
        end: Number(batch.highWatermark),
      });
      resolveOffset(last);
      hooks.onBatchDone({ topic, partition });
    } catch (error) {
      // Not thrown: kafkajs would end the consumer, with all of its partitions.
      hooks.onBatchFailed({ topic, partition }, error, { offset: batch.firstOffset() });
      await sleep(batchRetryMs);
    }
  };

  const start = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics: [...(await topics())], fromBeginning: true });
    if (isOver) return; // it took too long
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 64,
      eachBatch: take,
    });
  };

  return {
    consumer,
    findCoordinator,
    run: async () => {
      try {
        await Promise.race([start().then(() => ended.promise), ended.promise]);
      } finally {
        clearTimeout(silence);
        isOver = true;
      }
    },
    end: ended.resolve,
    close: () => atMost(disconnectTimeoutMs, consumer.disconnect()),
    isAssigned: () => joinedAt !== undefined && !isOver,
    memberId: () => memberId,
    commit: async (offsets) => {
      if (commitAsMember === undefined) {
        await consumer.commitOffsets(
          offsets.map(({ topic, partition, offset, text }) => ({
            topic,
            partition,
            offset: String(offset),
            metadata: text,
          })),
        );
        return;
      }
      const entryOf = ({ partition, offset, text }: CommittedOffset) => ({
        partition,
        offset: String(offset),
        metadata: text,
      });
      await commitAsMember({ topics: byTopic(offsets, entryOf) });
    },
  };
};

const partitionsOf = (assignment: Readonly<Record<string, number[]>>): TopicPartition[] =>
  Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
