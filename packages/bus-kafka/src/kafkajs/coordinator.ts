import type { Broker } from 'kafkajs';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What a group has committed of a partition. */
export interface CommittedOffset extends TopicPartition {
  /** The first offset that is not done; -1 where the group has committed nothing. */
  readonly offset: number;
  /** The commit's metadata, as `encodeProgress` writes it. */
  readonly text: string;
}

/** Reads what a group has committed of these partitions. */
export const fetchCommitted = async (
  coordinator: Broker,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<CommittedOffset[]> => {
  const topics = byTopic(partitions, ({ partition }) => ({ partition, offset: '-1' }));
  const { responses } = await coordinator.offsetFetch({ groupId, topics });
  return responses.flatMap(({ topic, partitions: found }) =>
    (found as readonly FetchedOffset[]).map(({ partition, offset, metadata }) => ({
      topic,
      partition,
      offset: Number(offset),
      text: metadata ?? '',
    })),
  );
};

/** Commits for a group that has no members; rejects when it has some. */
export const commitWithoutMember = async (
  coordinator: Broker,
  groupId: string,
  offsets: readonly (TopicPartition & { readonly offset: string })[],
): Promise<void> => {
  const topics = byTopic(offsets, ({ partition, offset }) => ({ partition, offset }));
  await coordinator.offsetCommit({ groupId, memberId: '', groupGenerationId: -1, topics });
};

/** Takes a member out of its group, so that the others do not wait for its session to end. */
export const leaveGroup = async (coordinator: Broker, groupId: string, memberId: string): Promise<void> => {
  await (coordinator as Leaving).leaveGroup({ groupId, memberId });
};

/** Groups as kafkajs's requests want it. */
export const byTopic = <P extends TopicPartition, T>(
  partitions: readonly P[],
  toEntry: (partition: P) => T,
): { topic: string; partitions: T[] }[] => {
  const topics = new Map<string, T[]>();
  for (const one of partitions) {
    const entries = topics.get(one.topic) ?? [];
    topics.set(one.topic, entries);
    entries.push(toEntry(one));
  }
  return [...topics].map(([topic, entries]) => ({ topic, partitions: entries }));
};

/** Missing from kafkajs's types. */
type Leaving = Broker & {
  leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>;
};

/** kafkajs's types lack the metadata. */
interface FetchedOffset {
  readonly partition: number;
  readonly offset: string;
  readonly metadata?: string | null;
}
