import type { Broker } from 'kafkajs';
import type { Connection } from './connection.ts';

/** Of each topic, an offset by partition. */
export type Ends = Record<string, string[]>;

/** The offsets after the last records. */
export const endsOf = (connection: Connection, topics: readonly string[]): Promise<Ends> =>
  boundsOf(connection, topics, false);

/** The offsets of the first records that are still there. */
export const startsOf = (connection: Connection, topics: readonly string[]): Promise<Ends> =>
  boundsOf(connection, topics, true);

const boundsOf = (
  { cluster }: Connection,
  topics: readonly string[],
  fromBeginning: boolean,
): Promise<Ends> =>
  cluster(async (one) => {
    await one.addMultipleTargetTopics([...topics]);
    const found = await one.fetchTopicsOffset(
      topics.map((topic) => ({
        topic,
        partitions: one
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId }) => ({ partition: partitionId })),
        fromBeginning,
      })),
    );
    return Object.fromEntries(
      found.map(({ topic, partitions }) => [
        topic,
        partitions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset),
      ]),
    );
  });

/** The offset after the last record of each, whether it is committed or not, by `topic/partition`. */
export const latestOffsets = async (
  { cluster }: Connection,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Promise<Map<string, number>> => {
  const ends = new Map<string, number>();
  if (partitions.length === 0) return ends;
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  await cluster(async (one) => {
    await one.addMultipleTargetTopics(topics);
    const asked = new Map<string, Asked[]>();
    for (const topic of topics) {
      const wanted = partitions.filter((each) => each.topic === topic).map(({ partition }) => partition);
      for (const [nodeId, led] of Object.entries(one.findLeaderForPartitions(topic, wanted))) {
        const ofTopic = led.map((partition) => ({ partition: Number(partition), timestamp: latest }));
        asked.set(nodeId, [...(asked.get(nodeId) ?? []), { topic, partitions: ofTopic }]);
      }
    }
    for (const [nodeId, ofNode] of asked) {
      const broker = (await one.findBroker({ nodeId })) as Listing;
      const { responses } = await broker.listOffsets({ isolationLevel: readUncommitted, topics: ofNode });
      for (const { topic, partitions: found } of responses)
        for (const { partition, offset } of found) ends.set(`${topic}/${partition}`, Number(offset));
    }
  });
  return ends;
};

interface Asked {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
}

const latest = -1;
const readUncommitted = 0;

/** kafkajs's types leave it out. */
type Listing = Broker & {
  listOffsets(request: { readonly isolationLevel: number; readonly topics: readonly Asked[] }): Promise<{
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }>;
};

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
