import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@emporium/bus';
import type { Broker, Cluster, Consumer, EachBatchPayload } from 'kafkajs';
import { createAssigner } from './assigner.ts';
import { atMost } from './at-most.ts';
import type { Connection } from './connection.ts';
import { isAway } from './health.ts';
import type { RawRecord } from './message-format.ts';
import { NoAnswer } from './within.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What a group knows of a partition; the text is ours. */
export interface Committed extends TopicPartition {
  readonly offset: number;
  readonly text: string;
}

export interface Batch extends TopicPartition {
  readonly records: readonly RawRecord[];
  /** The last offset that was read, which may be of no record. */
  readonly last: number;
  /** The offset after the last record of the log. */
  readonly end: number;
}

/** Offsets that hold no message for anybody: the end of a transaction, or what a compaction left. */
export interface Passed extends TopicPartition {
  readonly last: number;
}

export interface GroupOptions {
  readonly connection: Connection;
  readonly groupId: string;
  /** Asked at every start. They must exist. */
  readonly topics: () => Promise<readonly string[]>;
  readonly slots: () => readonly number[];
  /** Partitions may move when this has resolved: what runs should be at rest, and committed. */
  readonly onLeaving: () => Promise<void>;
  /** These are ours now, and no others. No batch comes before this has resolved. */
  readonly onAssigned: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** The broker was lost: others may have these partitions by now. */
  readonly onLost: () => void;
  /** The next batch of this partition comes when this has resolved; when it rejects, the same one comes again. */
  readonly onBatch: (batch: Batch) => Promise<void>;
  readonly onPassed: (passed: Passed) => void;
}

/** Membership in a consumer group, through every loss of the broker. */
export interface Group {
  /** Whether partitions are assigned, and the broker was not lost since. */
  isMember(): boolean;
  /** Why it last fell out of its group, if it has not worked for a while since. */
  trouble(): string | undefined;
  /** Rejects when this instance is no member (now), or the broker is away. */
  commit(committed: readonly Committed[]): Promise<void>;
  /** What the group has committed; -1 where it has nothing. */
  committed(partitions: readonly TopicPartition[]): Promise<Committed[]>;
  seek(partition: TopicPartition, offset: number): void;
  pause(partition: TopicPartition): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Asks for the topics again. */
  restart(): void;
  stop(): Promise<void>;
}

/** How often an instance says that it lives, and hears that partitions are to move. */
const heartbeatMs = 500;

/** How long the broker waits for something new before it answers that there is nothing. It answers at once when there is. */
const maxWaitMs = 100;

/**
 * A member that is back after a restart of the broker goes on where it was; one that is made anew waits for the session of the old
 * one. Hence kafkajs is to try for about a quarter of a minute before it gives up.
 */
const patient = { initialRetryTime: 100, maxRetryTime: 500, retries: 30, factor: 0.2, multiplier: 2 };

/** Sessions without a sign of life, after which the consumer is made anew. A rebalance may take two. */
const mostSilentSessions = 3;

const disconnectTimeoutMs = 5_000;
const maxRestartMs = 2_000;

/** A batch that could not be taken is taken again after so long. */
const batchAgainMs = 250;

/** A member that has read for so long is one for good. */
const settledMs = 10_000;

const membership = 'the group';

/** The same trouble is said again after so long. */
const sayAgainMs = 10 * 60_000;

interface Life {
  readonly consumer: Consumer;
  readonly findCoordinator: Cluster['findGroupCoordinator'];
  readonly end: () => void;
  assigned: Promise<void>;
  isAssigned: boolean;
  joinedAt: number;
  memberId?: string;
  /** What was assigned last, and in which generation of the group: the first heartbeat after it tells. */
  partitions?: readonly TopicPartition[];
  generation?: number;
  /** It is about to join again. */
  isLeaving: boolean;
  /** Commits as the member that kafkajs is at that time; it comes with the first batch. */
  commit?: EachBatchPayload['commitOffsetsIfNecessary'];
}

export const createGroup = (options: GroupOptions): Group => {
  const { connection, groupId, topics, slots, onLeaving, onAssigned, onLost, onBatch, onPassed } = options;
  const { config, health, log } = connection;
  let life: Life | undefined;
  let stopped = false;
  let wakeUp = (): void => {};
  let failures = 0;
  /** Of the membership, and of partitions. */
  const troubles = new Map<string, { readonly reason: string; readonly saidAt: number }>();
  let abandoned: string | undefined;

  /** Says it once, and again when it is another trouble, or the same for long. */
  const failed = (what: string, error: unknown, facts: object = {}): void => {
    const reason = messageOf(error);
    const before = troubles.get(what);
    const isKnown = before?.reason === reason && Date.now() - before.saidAt < sayAgainMs;
    if (stopped || isKnown) return;
    troubles.set(what, { reason, saidAt: Date.now() });
    log.warn({ group: groupId, ...facts }, `trying again: ${reason}`);
  };

  const recovered = (what: string): void => {
    if (troubles.delete(what))
      log.info({ group: groupId }, what === membership ? 'in the group again' : `${what} is read again`);
  };

  /** Whom this instance was in the group, when it lost the broker and could not leave. The others would wait for its session. */
  const leaveBehind = async (coordinator: Broker): Promise<void> => {
    if (abandoned === undefined) return;
    const memberId = abandoned;
    abandoned = undefined;
    await (coordinator as Leaving).leaveGroup({ groupId, memberId }).catch(() => {}); // it is no member any more
  };

  /** Returns when the consumer is to be made anew, throws when it failed. */
  const live = async (): Promise<void> => {
    const over = Promise.withResolvers<void>();
    over.promise.catch(() => {}); // it may fail while it starts, too
    let findCoordinator: Life['findCoordinator'] | undefined;
    // kafkajs tells of a rebalance when it is over. It looks for the coordinator each time before it joins: there it is held up,
    // until what is in progress has ended.
    const onCluster = (cluster: Cluster): void => {
      const find = cluster.findGroupCoordinator.bind(cluster);
      findCoordinator = find;
      cluster.findGroupCoordinator = async (group) => {
        if (life !== undefined) life.isLeaving = true;
        await onLeaving();
        if (stopped) throw Object.assign(new Error('the consumer was stopped'), { retriable: false });
        const coordinator = await find(group);
        await leaveBehind(coordinator);
        return coordinator;
      };
    };
    const consumer = connection.client(patient).consumer({
      groupId,
      partitionAssigners: [createAssigner({ slots, onCluster })],
      sessionTimeout: config.sessionTimeoutMs,
      rebalanceTimeout: config.sessionTimeoutMs * 2,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: maxWaitMs,
      maxBytesPerPartition: 512 * 1024,
      allowAutoTopicCreation: false,
      retry: { ...patient, restartOnFailure: async () => false },
    });
    const silentMs = mostSilentSessions * config.sessionTimeoutMs;
    const silence = setTimeout(() => over.reject(new NoAnswer(silentMs)), silentMs).unref();
    const heard = (): void => {
      health.up();
      silence.refresh();
    };
    if (findCoordinator === undefined) throw new Error('kafkajs gave no cluster: it must be 2.2');
    const mine: Life = {
      consumer,
      findCoordinator,
      end: over.resolve,
      assigned: Promise.resolve(),
      isAssigned: false,
      joinedAt: 0,
      isLeaving: false,
    };
    const assigned = (partitions: readonly TopicPartition[]): void => {
      mine.isLeaving = false;
      mine.assigned = onAssigned(partitions);
      mine.assigned.catch(over.reject);
    };
    consumer.on(consumer.events.CRASH, ({ payload }) => over.reject(payload.error));
    consumer.on(consumer.events.HEARTBEAT, ({ payload: { groupGenerationId } }) => {
      heard();
      if (!mine.isLeaving) mine.generation = groupGenerationId;
      // It did not get to join, because the broker was lost again, and kafkajs goes on as what it was; or it joined, and will
      // never hear what is its own now.
      else if (mine.partitions !== undefined && mine.generation === groupGenerationId)
        assigned(mine.partitions);
      else over.reject(new Error('joined, and heard of no partitions'));
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize > 0) return; // its reader knows
      onPassed({ topic: payload.topic, partition: payload.partition, last: Number(payload.lastOffset) });
    });
    consumer.on(consumer.events.FETCH, () => {
      if (!mine.isAssigned || Date.now() - mine.joinedAt < settledMs) return;
      failures = 0;
      recovered(membership);
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      heard();
      if (!mine.isAssigned) mine.joinedAt = Date.now();
      mine.isAssigned = true;
      mine.memberId = payload.memberId;
      mine.partitions = partitionsOf(payload.memberAssignment);
      delete mine.generation;
      assigned(mine.partitions);
    });
    life = mine;
    const start = async (): Promise<void> => {
      await consumer.connect();
      await consumer.subscribe({ topics: [...(await topics())], fromBeginning: true });
      if (life !== mine) return; // it took too long
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 64,
        eachBatch: (payload) => take(mine, payload),
      });
    };
    try {
      await Promise.race([start().then(() => over.promise), over.promise]);
    } finally {
      clearTimeout(silence);
      life = undefined;
      abandoned = mine.memberId;
      if (!stopped) onLost();
      await atMost(disconnectTimeoutMs, consumer.disconnect());
    }
  };

  const take = async (mine: Life, payload: EachBatchPayload): Promise<void> => {
    const { batch, resolveOffset, isStale, commitOffsetsIfNecessary } = payload;
    mine.commit = commitOffsetsIfNecessary;
    await mine.assigned;
    if (isStale() || life !== mine) return;
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
      recovered(`${topic}/${partition}`);
    } catch (error) {
      // Not thrown: kafkajs would end, and take the other partitions with it.
      failed(`${topic}/${partition}`, error, { topic, partition, offset: batch.firstOffset() });
      await sleep(batchAgainMs);
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        await live();
        failures = 0;
      } catch (error) {
        if (isAway(error)) health.away(error);
        failures += 1;
        failed(membership, error);
      }
      if (!stopped && failures > 0) await pause(Math.min(50 * 2 ** failures, maxRestartMs));
    }
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const running = run();

  const current = (): Life => {
    if (life === undefined || !life.isAssigned)
      throw new Error(`${groupId}: this instance is no member of its group now`);
    return life;
  };

  return {
    isMember: () => life?.isAssigned ?? false,
    trouble: () => troubles.get(membership)?.reason,
    commit: async (committed) => {
      const { consumer, commit } = current();
      if (commit === undefined) {
        await consumer.commitOffsets(
          committed.map(({ topic, partition, offset, text }) => ({
            topic,
            partition,
            offset: String(offset),
            metadata: text,
          })),
        );
      } else await commit({ topics: byTopic(committed) });
      health.up();
    },
    committed: async (partitions) => {
      const coordinator = await current().findCoordinator({ groupId });
      const { responses } = await coordinator.offsetFetch({
        groupId,
        topics: byTopic(partitions.map((one) => ({ ...one, offset: -1, text: '' }))),
      });
      return responses.flatMap(({ topic, partitions: found }) =>
        (found as readonly Found[]).map(({ partition, offset, metadata }) => ({
          topic,
          partition,
          offset: Number(offset),
          text: metadata ?? '',
        })),
      );
    },
    seek: ({ topic, partition }, offset) =>
      current().consumer.seek({ topic, partition, offset: String(offset) }),
    pause: ({ topic, partition }) => life?.consumer.pause([{ topic, partitions: [partition] }]),
    resume: (partitions) =>
      life?.consumer.resume(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }))),
    restart: () => life?.end(),
    stop: async () => {
      stopped = true;
      life?.end();
      wakeUp();
      await running;
    },
  };
};

/** A coordinator can be told that somebody leaves; kafkajs's types leave it out. */
type Leaving = Broker & {
  leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>;
};

/** kafkajs's types leave out what comes with the offset. */
interface Found {
  readonly partition: number;
  readonly offset: string;
  readonly metadata?: string | null;
}

const partitionsOf = (assignment: Readonly<Record<string, number[]>>): TopicPartition[] =>
  Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );

const byTopic = (committed: readonly Committed[]) => {
  const topics = new Map<string, { partition: number; offset: string; metadata: string }[]>();
  for (const { topic, partition, offset, text } of committed) {
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    partitions.push({ partition, offset: String(offset), metadata: text });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
};
