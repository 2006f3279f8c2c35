import type { Connection } from './connection.ts';

/** Of each topic, the offset after its last record, by partition. */
export type Ends = Record<string, string[]>;

export const endsOf = ({ cluster }: Connection, topics: readonly string[]): Promise<Ends> =>
  cluster(async (one) => {
    await one.addMultipleTargetTopics([...topics]);
    const found = await one.fetchTopicsOffset(
      topics.map((topic) => ({
        topic,
        partitions: one
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId }) => ({ partition: partitionId })),
        fromBeginning: false,
      })),
    );
    return Object.fromEntries(
      found.map(({ topic, partitions }) => [
        topic,
        partitions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset),
      ]),
    );
  });

/**
 * What the group has committed of these topics: offset and text, by partition; -1 where it has nothing.
 */
export const committedOf = ({ cluster }: Connection, groupId: string, ends: Ends) =>
  cluster(async (one) => {
    const coordinator = await one.findGroupCoordinator({ groupId });
    const topics = Object.entries(ends).map(([topic, offsets]) => ({
      topic,
      partitions: offsets.map((_, partition) => ({ partition, offset: '-1' })),
    }));
    const { responses } = await coordinator.offsetFetch({ groupId, topics });
    return responses.flatMap(({ topic, partitions }) =>
      (partitions as readonly Found[]).map(({ partition, offset, metadata }) => ({
        topic,
        partition,
        offset: Number(offset),
        text: metadata ?? '',
      })),
    );
  });

/** Commits for a group that has no members; rejects when it has some. */
export const commitFor = async ({ cluster }: Connection, groupId: string, offsets: Ends): Promise<void> => {
  await cluster(async (one) => {
    const coordinator = await one.findGroupCoordinator({ groupId });
    await coordinator.offsetCommit({
      groupId,
      memberId: '',
      groupGenerationId: -1,
      topics: Object.entries(offsets).map(([topic, partitions]) => ({
        topic,
        partitions: partitions.map((offset, partition) => ({ partition, offset })),
      })),
    });
  });
};

/** kafkajs's types leave out what comes with the offset. */
interface Found {
  readonly partition: number;
  readonly offset: string;
  readonly metadata?: string | null;
}
