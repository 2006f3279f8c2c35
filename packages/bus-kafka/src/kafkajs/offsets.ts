import type { Broker } from 'kafkajs';
import type { Connection } from '../connection.ts';
import {
  type CommittedOffset,
  commitWithoutMember,
  fetchCommitted,
  type TopicPartition,
} from './coordinator.ts';

/** One offset for each partition, by topic. */
export type Offsets = Record<string, string[]>;

/** The offsets after the last records. */
export const endsOf = (connection: Connection, topics: readonly string[]): Promise<Offsets> =>
  boundsOf(connection, topics, false);

/** The offsets of the first records that are still there. */
export const startsOf = (connection: Connection, topics: readonly string[]): Promise<Offsets> =>
  boundsOf(connection, topics, true);

const boundsOf = (
  { cluster }: Connection,
  topics: readonly string[],
  fromBeginning: boolean,
): Promise<Offsets> =>
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

/** The offset after the last record of each partition, also where an open transaction wrote it, by `topic/partition`. */
export const latestOffsets = async (
  { cluster }: Connection,
  partitions: readonly TopicPartition[],
): Promise<Map<string, number>> => {
  const ends = new Map<string, number>();
  if (partitions.length === 0) return ends;
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  await cluster(async (one) => {
    await one.addMultipleTargetTopics(topics);
    const requests = new Map<string, TopicTimestamps[]>();
    for (const topic of topics) {
      const wanted = partitions.filter((each) => each.topic === topic).map(({ partition }) => partition);
      for (const [nodeId, led] of Object.entries(one.findLeaderForPartitions(topic, wanted))) {
        const ofTopic = led.map((partition) => ({ partition: Number(partition), timestamp: latest }));
        requests.set(nodeId, [...(requests.get(nodeId) ?? []), { topic, partitions: ofTopic }]);
      }
    }
    for (const [nodeId, ofNode] of requests) {
      const broker = (await one.findBroker({ nodeId })) as Listing;
      const { responses } = await broker.listOffsets({ isolationLevel: readUncommitted, topics: ofNode });
      for (const { topic, partitions: found } of responses)
        for (const { partition, offset } of found) ends.set(`${topic}/${partition}`, Number(offset));
    }
  });
  return ends;
};

interface TopicTimestamps {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
}

const latest = -1;
const readUncommitted = 0;

/** Missing from kafkajs's types. */
type Listing = Broker & {
  listOffsets(request: {
    readonly isolationLevel: number;
    readonly topics: readonly TopicTimestamps[];
  }): Promise<{
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }>;
};

/** What the group has committed of the partitions in `offsets`. */
export const committedOf = (
  { cluster }: Connection,
  groupId: string,
  offsets: Offsets,
): Promise<CommittedOffset[]> =>
  cluster(async (one) =>
    fetchCommitted(await one.findGroupCoordinator({ groupId }), groupId, listOf(offsets)),
  );

/** Commits for a group that has no members; rejects when it has some. */
export const commitFor = ({ cluster }: Connection, groupId: string, offsets: Offsets): Promise<void> =>
  cluster(async (one) =>
    commitWithoutMember(await one.findGroupCoordinator({ groupId }), groupId, listOf(offsets)),
  );

const listOf = (offsets: Offsets) =>
  Object.entries(offsets).flatMap(([topic, partitions]) =>
    partitions.map((offset, partition) => ({ topic, partition, offset })),
  );
