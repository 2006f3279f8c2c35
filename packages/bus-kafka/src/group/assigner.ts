import { crc32 } from 'node:zlib';
import { partitionCount } from '@emporium/bus/transport';
import { AssignerProtocol, type Cluster, type PartitionAssigner } from 'kafkajs';

/** One instance, as the leader of its group sees it. */
export interface Member {
  readonly id: string;
  readonly topics: readonly string[];
  /** The slots that it has now. */
  readonly slots: readonly number[];
}

export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export type Assignment = Record<string, Record<string, number[]>>;

/**
 * Partitions with the same number share a slot and go to one member: a key has the same number in every topic, and an ordered
 * subscription handles its messages one at a time. The slot of a topic with a single partition depends on its name.
 */
export const slotOf = (topic: string, partition: number, count: number): number =>
  count === 1 ? crc32(topic) % partitionCount : partition;

/** Assigns the slots evenly and moves as few as that needs: each move interrupts a partition. */
export const assign = (members: readonly Member[], topics: readonly TopicPartitions[]): Assignment => {
  const sorted = members.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const slots = Math.max(partitionCount, ...topics.map(({ partitions }) => partitions.length));
  const owners = distribute(sorted, slots);
  const assignment: Assignment = Object.fromEntries(sorted.map(({ id }) => [id, {}]));
  for (const { topic, partitions } of topics) {
    for (const partition of partitions) {
      const slot = slotOf(topic, partition, partitions.length);
      const owner = subscriberOf(sorted, owners[slot % slots] ?? 0, topic);
      const ofOwner = owner === undefined ? undefined : assignment[owner.id];
      if (ofOwner !== undefined) ofOwner[topic] = [...(ofOwner[topic] ?? []), partition];
    }
  }
  return assignment;
};

/** Returns the index of a member for each slot. */
const distribute = (members: readonly Member[], slots: number): number[] => {
  const owners: (number | undefined)[] = new Array(slots).fill(undefined);
  const share = Math.floor(slots / members.length);
  let extra = slots % members.length;
  const counts = members.map(() => 0);
  for (const [index, { slots: owned }] of members.entries()) {
    for (const slot of owned) {
      const count = counts[index] ?? 0;
      if (slot >= slots || owners[slot] !== undefined || count > share) continue;
      if (count === share) {
        if (extra === 0) continue;
        extra -= 1;
      }
      owners[slot] = index;
      counts[index] = count + 1;
    }
  }
  return owners.map((owner) => {
    if (owner !== undefined) return owner;
    const index = counts.indexOf(Math.min(...counts));
    counts[index] = (counts[index] ?? 0) + 1;
    return index;
  });
};

/** The first member from `preferred` on that reads the topic: during a rolling upgrade not all may. */
const subscriberOf = (members: readonly Member[], preferred: number, topic: string): Member | undefined => {
  for (let step = 0; step < members.length; step += 1) {
    const member = members[(preferred + step) % members.length];
    if (member?.topics.includes(topic)) return member;
  }
  return undefined;
};

interface AssignerOptions {
  /** The slots of this instance now; the leader leaves it as many of them as it can. */
  readonly slots: () => readonly number[];
  /** Called with the cluster of the consumer, once. */
  readonly onCluster: (cluster: Cluster) => void;
}

/** The assigner as kafkajs wants it. All instances of a group must use this version. */
export const createAssigner =
  ({ slots, onCluster }: AssignerOptions): PartitionAssigner =>
  ({ cluster }) => {
    onCluster(cluster);
    return {
      name: 'emporium-slots',
      version: 1,
      protocol: ({ topics }) => ({
        name: 'emporium-slots',
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: 1,
          topics,
          userData: Buffer.from(JSON.stringify(slots())),
        }),
      }),
      assign: async ({ members, topics }) => {
        const known = members.map(({ memberId, memberMetadata }) => memberOf(memberId, memberMetadata));
        const partitions = topics.map((topic) => ({
          topic,
          partitions: cluster
            .findTopicPartitionMetadata(topic)
            .map(({ partitionId }) => partitionId)
            .toSorted((one, other) => one - other),
        }));
        return Object.entries(assign(known, partitions)).map(([memberId, assignment]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 1,
            assignment,
            userData: Buffer.alloc(0),
          }),
        }));
      },
    };
  };

const memberOf = (id: string, metadata: Buffer): Member => {
  const decoded = AssignerProtocol.MemberMetadata.decode(metadata);
  const slots: unknown = decoded === null ? [] : JSON.parse(decoded.userData.toString() || '[]');
  return {
    id,
    topics: decoded?.topics ?? [],
    slots: Array.isArray(slots) ? slots.filter((slot) => Number.isInteger(slot) && slot >= 0) : [],
  };
};
