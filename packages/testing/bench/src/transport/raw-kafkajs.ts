import { Kafka, logLevel, type Message } from 'kafkajs';
import { body, type Contender, createRoundTrip, idOf, inFlight, unsettled } from './contender.ts';

const topic = 'raw.events';
const groupId = 'raw.bench';
const type = 'shipment.delivered';

/** The same number as ours. */
const partitions = 8;

/** kafkajs alone: an idempotent producer, batches acknowledged by all replicas, offsets committed after handling. */
export const openRawKafkajs = async (url: string): Promise<Contender> => {
  const client = () => new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING });
  const admin = client().admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] });
  const producer = client().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();

  const publish = async (first: number, count: number): Promise<void> => {
    const messages = Array.from({ length: count }, (_, offset): Message => {
      const index = first + offset;
      return { key: String(index % 1_000), value: body, headers: { id: idOf(index), type } };
    });
    await producer.send({ topic, acks: -1, messages });
  };

  /** Calls `onDelivery` for each message, and then `onSettled` with the number of committed ones. */
  const consume = async (
    onDelivery: () => void,
    onSettled: (count: number) => void,
  ): Promise<() => Promise<void>> => {
    const consumer = client().consumer({ groupId, maxWaitTimeInMs: 100, heartbeatInterval: 500 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { messages, partition }, heartbeat, commitOffsetsIfNecessary }) => {
        for (let from = 0; from < messages.length; from += unsettled) {
          const group = messages.slice(from, from + unsettled);
          for (const _ of group) onDelivery();
          const next = Number(group.at(-1)?.offset) + 1;
          const committed = [{ partition, offset: String(next) }];
          await commitOffsetsIfNecessary({ topics: [{ topic, partitions: committed }] });
          onSettled(group.length);
          await heartbeat();
        }
      },
    });
    return () => consumer.disconnect();
  };

  return {
    publish: async (count) => {
      for (let sent = 0; sent < count; sent += inFlight)
        await publish(sent, Math.min(inFlight, count - sent));
    },
    drain: async (count) => {
      const done = Promise.withResolvers<number>();
      let start = 0;
      let acked = 0;
      const stop = await consume(
        () => {
          start ||= performance.now();
        },
        (settled) => {
          acked += settled;
          if (acked >= count) done.resolve(performance.now() - start);
        },
      );
      const ms = await done.promise;
      await stop();
      return ms;
    },
    listen: async () => {
      const trip = createRoundTrip(() => publish(0, 1));
      const stop = await consume(trip.onDelivery, () => {});
      return { roundTrip: trip.roundTrip, stop };
    },
    close: async () => {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
};
