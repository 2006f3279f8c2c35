import { crc32 } from 'node:zlib';
import { partitionCount } from '@emporium/bus/transport';
import { AssignerProtocol, type Cluster, type PartitionAssigner } from 'kafkajs';

/** One instance, as the leader of its group sees it. */
export interface Member {
  readonly id: string;
  readonly topics: readonly string[];
  /** What it works on now. */
  readonly slots: readonly number[];
}

export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export type Assignment = Record<string, Record<string, number[]>>;

/**
 * Partitions of one number belong together: a key has the same number in every topic, and an ordered subscription works on
 * one of its messages at a time. A topic with a single partition goes where its name says, so that not all are in one place.
 */
export const slotOf = (topic: string, partition: number, count: number): number =>
  count === 1 ? crc32(topic) % partitionCount : partition;

/** Even shares, and nobody gives up more than that takes: what moves is delivered by somebody else, who must first ask how far it came. */
export const assign = (members: readonly Member[], topics: readonly TopicPartitions[]): Assignment => {
  const sorted = members.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const slots = Math.max(partitionCount, ...topics.map(({ partitions }) => partitions.length));
  const owners = shareOut(sorted, slots);
  const assignment: Assignment = Object.fromEntries(sorted.map(({ id }) => [id, {}]));
  for (const { topic, partitions } of topics) {
    for (const partition of partitions) {
      const slot = slotOf(topic, partition, partitions.length);
      const owner = listening(sorted, owners[slot % slots] ?? 0, topic);
      const ofOwner = owner === undefined ? undefined : assignment[owner.id];
      if (ofOwner !== undefined) ofOwner[topic] = [...(ofOwner[topic] ?? []), partition];
    }
  }
  return assignment;
};

/** Gives for each slot the index of its member. */
const shareOut = (members: readonly Member[], slots: number): number[] => {
  const owners: (number | undefined)[] = new Array(slots).fill(undefined);
  const least = Math.floor(slots / members.length);
  let extra = slots % members.length;
  const counts = members.map(() => 0);
  for (const [index, { slots: owned }] of members.entries()) {
    for (const slot of owned) {
      const count = counts[index] ?? 0;
      if (slot >= slots || owners[slot] !== undefined || count > least) continue;
      if (count === least) {
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

/** While a new release listens to one more topic, its older instances do not. */
const listening = (members: readonly Member[], preferred: number, topic: string): Member | undefined => {
  for (let step = 0; step < members.length; step += 1) {
    const member = members[(preferred + step) % members.length];
    if (member?.topics.includes(topic)) return member;
  }
  return undefined;
};

export interface Membership {
  /** What this instance works on now. */
  readonly slots: () => readonly number[];
  /** kafkajs works with it inside of the consumer. */
  readonly onCluster: (cluster: Cluster) => void;
}

/** For kafkajs. Every instance of a group must use it, in this version. */
export const createAssigner =
  ({ slots, onCluster }: Membership): PartitionAssigner =>
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
