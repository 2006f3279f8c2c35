import { busErrors, messageOf, partitionOf } from '@emporium/bus';
import { type Message, Partitioners, type Producer, type TopicMessages } from 'kafkajs';
import { atMost } from './at-most.ts';
import type { Connection } from './connection.ts';
import { isAway } from './health.ts';
import { within } from './within.ts';

/** Writes batches, one after the other, each acknowledged by all replicas in sync. */
export interface BatchWriter {
  /**
   * Resolves when the broker durably owns all of it. Rejects when that is not known, with `bus.broker_away` when the broker could
   * not be asked in time: then all of it may be written again.
   */
  write(batch: TopicMessages[]): Promise<void>;
  close(): Promise<void>;
}

const closeTimeoutMs = 2_000;

/**
 * kafkajs numbers the records of an idempotent producer, and gives the numbers of a batch that failed for good to the next one. If
 * the first was stored nevertheless, the broker takes the second for its repetition, and drops it. Hence a producer, with its
 * numbers, ends with its first failure; that is also what OUT_OF_ORDER_SEQUENCE_NUMBER asks for.
 */
export const createBatchWriter = (connection: Connection): BatchWriter => {
  const { config, health, log } = connection;
  let current: Promise<Producer> | undefined;

  const open = async (): Promise<Producer> => {
    const producer = connection.client().producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner,
      retry: {
        initialRetryTime: 50,
        maxRetryTime: 500,
        retries: 4 + Math.ceil(config.timeoutMs / 500),
        factor: 0.2,
        multiplier: 2,
      },
    });
    await producer.connect();
    return producer;
  };

  const drop = async (producer: Promise<Producer>): Promise<void> => {
    if (current === producer) current = undefined;
    await atMost(
      closeTimeoutMs,
      producer.then((one) => one.disconnect()),
    );
  };

  return {
    write: async (batch) => {
      current ??= open();
      const mine = current;
      const send = (producer: Producer) => producer.sendBatch({ acks: -1, topicMessages: batch });
      try {
        await within(config.timeoutMs, mine.then(send));
        health.up();
      } catch (cause) {
        void drop(mine);
        if (!isAway(cause)) throw cause;
        if (health.status().state === 'up') log.warn({}, `Kafka is away: ${messageOf(cause)}`);
        health.away(cause);
        throw busErrors.broker_away({ broker: 'kafka', cause });
      }
    },
    close: async () => {
      if (current !== undefined) await drop(current);
    },
  };
};

/** Ours go by their key, on every broker alike; an open stream's as every other client of Kafka puts them. */
const createPartitioner = () => {
  const usual = Partitioners.DefaultPartitioner();
  return (args: Parameters<typeof usual>[0]): number => {
    const { message, partitionMetadata } = args;
    if (isOurs(message) && message.partition === undefined) {
      return partitionOf(String(message.key), partitionMetadata.length);
    }
    return usual(args);
  };
};

const isOurs = ({ headers }: Message): boolean => headers !== undefined;
