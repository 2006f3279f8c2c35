import type { Cluster } from 'kafkajs';
import type { DecodedRecord } from '../decoding/decoded-record.ts';
import type { RawRecord } from '../message-format.ts';

export interface LogSlice {
  readonly records: readonly RawRecord[];
  /** The offset to go on from. */
  readonly next: number;
  /** The offset after the last record of the log. */
  readonly end: number;
}

/** How much is read at one time. */
const sliceBytes = 4 * 1024 * 1024;

/** Reads a partition from this offset on, at most `sliceBytes` of it, outside of any group. */
export const readLog = async (
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
): Promise<LogSlice> => {
  await cluster.addTargetTopic(topic);
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (leader === undefined) throw new Error(`${topic}/${partition} has no leader`);
  const broker = await cluster.findBroker({ nodeId: leader });
  const response: FetchResponse = await broker.fetch({
    maxWaitTime: 0,
    minBytes: 0,
    maxBytes: sliceBytes,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: sliceBytes }] }],
  });
  const [found] = response.responses[0]?.partitions ?? [];
  if (found === undefined) throw new Error(`the broker returned nothing for ${topic}/${partition}`);
  const end = Number(found.highWatermark);
  const last = found.messages.at(-1);
  // The broker returns whole batches, which may begin before the offset.
  const records = found.messages.filter(
    (record) => Number(record.offset) >= offset && !record.isControlRecord,
  );
  return { records, end, next: last === undefined ? end : Number(last.offset) + 1 };
};

/** kafkajs types it as `any`. */
interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly highWatermark: string;
      readonly messages: readonly DecodedRecord[];
    }[];
  }[];
}
