import { isAway } from '../health.ts';
import {
  byTopic,
  type CommittedOffset,
  fetchCommitted,
  type TopicPartition,
} from '../kafkajs/coordinator.ts';
import { type GroupOptions, openSession, type Session } from './session.ts';
import { createTroubleLog, membership } from './trouble-log.ts';

/** Membership in a consumer group, through every loss of the broker. */
export interface Group {
  /** Whether partitions are assigned, and the broker was not lost since. */
  isMember(): boolean;
  /** Why the membership failed, until it has worked for a while again. */
  trouble(): string | undefined;
  /** Rejects when this instance is not a member now, or the broker is away. */
  commit(offsets: readonly CommittedOffset[]): Promise<void>;
  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>;
  seek(partition: TopicPartition, offset: number): void;
  pause(partition: TopicPartition): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Leaves and joins again, with the topics of that time. */
  restart(): void;
  stop(): Promise<void>;
}

const maxRestartMs = 2_000;

export const createGroup = (options: GroupOptions): Group => {
  const { groupId } = options;
  const { health, log } = options.connection;
  const troubles = createTroubleLog(log, groupId);
  let session: Session | undefined;
  let stopped = false;
  let wakeUp = (): void => {};
  let failures = 0;
  /** The last session lost the broker and could not leave the group as this member. */
  let orphanedMemberId: string | undefined;

  const runSession = async (): Promise<void> => {
    const opened = openSession(options, {
      isStopped: () => stopped,
      takeOrphan: () => {
        const memberId = orphanedMemberId;
        orphanedMemberId = undefined;
        return memberId;
      },
      onStable: () => {
        failures = 0;
        troubles.recovered(membership);
      },
      onBatchFailed: ({ topic, partition }, error, facts) => {
        if (!stopped) troubles.failed(`${topic}/${partition}`, error, { topic, partition, ...facts });
      },
      onBatchDone: ({ topic, partition }) => troubles.recovered(`${topic}/${partition}`),
    });
    session = opened;
    try {
      await opened.run();
    } finally {
      session = undefined;
      orphanedMemberId = opened.memberId();
      if (!stopped) options.onLost();
      await opened.close();
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        await runSession();
        failures = 0;
      } catch (error) {
        if (isAway(error)) health.away(error);
        failures += 1;
        if (!stopped) troubles.failed(membership, error);
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

  const current = (): Session => {
    if (session?.isAssigned() !== true)
      throw new Error(`${groupId}: this instance is not a member of its group now`);
    return session;
  };

  return {
    isMember: () => session?.isAssigned() ?? false,
    trouble: () => troubles.reason(membership),
    commit: async (offsets) => {
      await current().commit(offsets);
      health.up();
    },
    committed: async (partitions) =>
      fetchCommitted(await current().findCoordinator({ groupId }), groupId, partitions),
    seek: ({ topic, partition }, offset) =>
      current().consumer.seek({ topic, partition, offset: String(offset) }),
    pause: (partition) => session?.consumer.pause(byTopic([partition], numberOf)),
    resume: (partitions) => session?.consumer.resume(byTopic(partitions, numberOf)),
    restart: () => session?.end(),
    stop: async () => {
      stopped = true;
      session?.end();
      wakeUp();
      await running;
    },
  };
};

const numberOf = ({ partition }: TopicPartition): number => partition;
