import type { CommittedOffset } from '../kafkajs/coordinator.ts';
import type { OffsetTracker } from './offset-tracker.ts';
import { encodeProgress, type Progress } from './progress.ts';

/** A partition that is assigned to this instance. */
export interface OwnedPartition {
  readonly offsets: OffsetTracker;
  /** Partitions of one slot have the same owner, and one queue in an ordered subscription. */
  readonly slot: number;
  /** The id of the subscription's declaration when the partition was assigned. */
  readonly declaration: string | undefined;
  /** What was committed when it was assigned. */
  restored: Progress;
  /** Whether the commit names this instance as the owner. */
  ownerCommitted: boolean;
  /** How many owners in a row ended without finishing a message, and without leaving the group. */
  crashes: number;
  /** The last offset that is known to be committed; -1 for none. The group never goes back behind it. */
  committed: number;
  /** Not fetched, because too many messages of it are unfinished. */
  paused: boolean;
  /** Timers of retries and delayed messages. */
  readonly timers: Set<NodeJS.Timeout>;
  /** Resolves when the batches that were read so far are in their queue. */
  queued: Promise<void>;
  /** It was assigned to another instance. */
  lost: boolean;
}

/** After so many crashes the partition is delivered one message at a time, to find the one that causes them… */
export const carefulAfter = 10;

/** …and after so many that message is dead-lettered. Crashes are not attempts, so no retry policy ends this. */
export const crashLimit = 20;

/** What to commit. A partition that was left properly names no owner. */
export const commitOf = (
  { offsets, ownerCommitted, crashes, declaration }: OwnedPartition,
  owner: string,
): CommittedOffset => {
  const progress = offsets.progress();
  return {
    topic: offsets.topic,
    partition: offsets.partition,
    offset: progress.offset,
    text: encodeProgress({
      ...progress,
      crashes,
      ...(declaration === undefined ? {} : { declaration }),
      ...(ownerCommitted ? { owner } : {}),
    }),
  };
};
