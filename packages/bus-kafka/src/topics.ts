import { setTimeout as sleep } from 'node:timers/promises';
import { maxBodyBytes } from '@emporium/bus';
import { partitionCount } from '@emporium/bus/transport';
import type { ITopicConfig } from 'kafkajs';
import type { Connection } from './connection.ts';
import { typeOfError } from './health.ts';
import { delayOf, isDeadLetterTopic, recordTopic } from './names.ts';

/** Makes sure that topics are there; knows those that were seen before. */
export interface Topics {
  /** Creates what is missing, and gives which those are. Safe from several processes at once. */
  ensure(topics: readonly string[]): Promise<string[]>;
  /** Those of these that are not there. */
  missing(topics: readonly string[]): Promise<string[]>;
  /** Asks the broker which there are: one may have gone since it was seen. */
  look(): Promise<void>;
  /** Whether it was there when it was last looked for. */
  has(topic: string): boolean;
  /** The next time it is looked for again. */
  forget(topics: readonly string[]): void;
}

/** A body, its headers, and what a batch adds. */
const mostBytesOfBatch = maxBodyBytes + 1024 * 1024;

/** How long a log keeps what all have read, and a subscription may be away: 30 days. */
const retentionMs = 30 * 24 * 60 * 60 * 1_000;

/** Order matters where partitions are many; what waits, and what is set aside, is little. */
export const partitionsOf = (topic: string): number =>
  topic === recordTopic || isDeadLetterTopic(topic) || delayOf(topic) > 0 ? 1 : partitionCount;

export const createTopics = ({ admin, config }: Connection): Topics => {
  const known = new Set<string>();
  let seen = new Set<string>();

  const missing = async (topics: readonly string[]): Promise<string[]> => {
    if (topics.every((topic) => known.has(topic))) return [];
    for (const topic of await admin((one) => one.listTopics())) {
      known.add(topic);
      seen.add(topic);
    }
    return topics.filter((topic) => !known.has(topic));
  };

  return {
    missing,
    look: async () => {
      seen = new Set(await admin((one) => one.listTopics()));
      for (const topic of known) if (!seen.has(topic)) known.delete(topic);
      for (const topic of seen) known.add(topic);
    },
    has: (topic) => seen.has(topic),
    forget: (topics) => {
      for (const topic of topics) known.delete(topic);
    },
    ensure: async (topics) => {
      const absent = await missing(topics);
      if (absent.length === 0) return [];
      await admin(async (one) => {
        const settings = absent.map((topic) => settingsOf(topic, config.replicas));
        await one.createTopics({ topics: settings, waitForLeaders: false }).catch(unlessAllExist);
      });
      // The controller has them; the broker hears of it a moment later.
      while ((await missing(absent)).length > 0) await sleep(20);
      return absent;
    },
  };
};

const settingsOf = (topic: string, replicas: number): ITopicConfig => ({
  topic,
  numPartitions: partitionsOf(topic),
  replicationFactor: replicas,
  configEntries: [
    { name: 'max.message.bytes', value: String(mostBytesOfBatch) },
    ...(replicas >= 3 ? [{ name: 'min.insync.replicas', value: '2' }] : []),
    ...(topic === recordTopic
      ? [{ name: 'cleanup.policy', value: 'compact' }]
      : [{ name: 'retention.ms', value: isDeadLetterTopic(topic) ? '-1' : String(retentionMs) }]),
  ],
});

/** Another process was first. */
const unlessAllExist = (error: unknown): void => {
  const errors =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  for (const one of errors) if (typeOfError(one) !== 'TOPIC_ALREADY_EXISTS') throw error;
};
