import { setTimeout as sleep } from 'node:timers/promises';
import { maxBodyBytes } from '@emporium/bus';
import { partitionCount } from '@emporium/bus/transport';
import type { ITopicConfig } from 'kafkajs';
import type { Connection } from '../connection.ts';
import { typeOfError } from '../health.ts';
import { delayOf, isDeadLetterTopic, recordTopic } from '../names.ts';

/** Creates topics, and remembers which ones exist. */
export interface Topics {
  /** Creates the missing ones, and returns them. Several processes may do so at once. */
  ensure(topics: readonly string[]): Promise<string[]>;
  /** Returns those that do not exist. */
  missing(topics: readonly string[]): Promise<string[]>;
  /** Reads the list of topics again: one may have been deleted. */
  refresh(): Promise<void>;
  /** Whether it was in the last list. */
  has(topic: string): boolean;
  /** Makes `missing` and `ensure` look for these again. */
  forget(topics: readonly string[]): void;
}

/** A body, its headers, and the overhead of a batch. */
const maxBatchBytes = maxBodyBytes + 1024 * 1024;

/** 30 days: a subscription may be away for so long. */
const retentionMs = 30 * 24 * 60 * 60 * 1_000;

/** Topics of retries and dead letters have little traffic, and need one partition. */
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
    refresh: async () => {
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
      // The broker learns of them a moment after the controller.
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
    { name: 'max.message.bytes', value: String(maxBatchBytes) },
    ...(replicas >= 3 ? [{ name: 'min.insync.replicas', value: '2' }] : []),
    ...(topic === recordTopic
      ? [{ name: 'cleanup.policy', value: 'compact' }]
      : [{ name: 'retention.ms', value: isDeadLetterTopic(topic) ? '-1' : String(retentionMs) }]),
  ],
});

/** Another process may have created them first. */
const unlessAllExist = (error: unknown): void => {
  const errors =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  for (const one of errors) if (typeOfError(one) !== 'TOPIC_ALREADY_EXISTS') throw error;
};
