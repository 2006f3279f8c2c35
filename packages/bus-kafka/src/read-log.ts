import type { Cluster } from 'kafkajs';
import type { Decoded } from './decoding/decoded.ts';
import type { RawRecord } from './message-format.ts';

export interface Part {
  readonly records: readonly RawRecord[];
  /** Where to go on; gaps are left behind. */
  readonly next: number;
  /** The offset after the last record. */
  readonly end: number;
}

/** So much is read at one time, in bytes. */
const partBytes = 4 * 1024 * 1024;

/** What is in a partition from this offset on, or the first part of it, outside of any group. */
export const readLog = async (
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
): Promise<Part> => {
  await cluster.addTargetTopic(topic);
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (leader === undefined) throw new Error(`${topic}/${partition} has no leader`);
  const broker = await cluster.findBroker({ nodeId: leader });
  const response: Fetched = await broker.fetch({
    maxWaitTime: 0,
    minBytes: 0,
    maxBytes: partBytes,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: partBytes }] }],
  });
  const [found] = response.responses[0]?.partitions ?? [];
  if (found === undefined) throw new Error(`the broker gave nothing of ${topic}/${partition}`);
  const end = Number(found.highWatermark);
  const last = found.messages.at(-1);
  // A batch is given as a whole, also when the offset is in its middle.
  const records = found.messages.filter(
    (record) => Number(record.offset) >= offset && !record.isControlRecord,
  );
  return { records, end, next: last === undefined ? end : Number(last.offset) + 1 };
};

/** What kafkajs gives; its types leave it open. */
interface Fetched {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly highWatermark: string;
      readonly messages: readonly Decoded[];
    }[];
  }[];
}
