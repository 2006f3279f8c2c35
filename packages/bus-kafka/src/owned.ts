import type { Committed } from './group.ts';
import type { Lane } from './lane.ts';
import { encodeProgress, type Progress } from './progress.ts';

/** A partition that is this instance's, for the time being. */
export interface Owned {
  readonly lane: Lane;
  /** The number that decides who has it, and the place in an ordered subscription. */
  readonly slot: number;
  /** Of the subscription, when it was assigned. */
  readonly declaration: string | undefined;
  /** What was committed when it was assigned. */
  restored: Progress;
  /** Whether the broker knows that this instance works on it. */
  claimed: boolean;
  /** How many owners before ended without finishing anything, and without leaving. */
  crashes: number;
  /** The offset that the broker has of it, as far as this instance knows; -1 for none. The group never goes back behind it. */
  confirmed: number;
  /** Not fetched from, because too much of it waits. */
  paused: boolean;
  /** What waits for its time. */
  readonly timers: Set<NodeJS.Timeout>;
  /** What was read before this is in its line. */
  begun: Promise<void>;
  /** It was given to another instance. */
  lost: boolean;
}

/** After so many crashes one message is delivered at a time, so that the one that does it is known… */
export const carefulAfter = 10;

/** …and after so many it is set aside. A net: attempts are counted elsewhere, and a crash is none. */
export const crashLimit = 20;

/** What is committed of it while this instance works on it; left in order, it names no owner. */
export const commitOf = ({ lane, claimed, crashes, declaration }: Owned, owner: string): Committed => {
  const progress = lane.progress();
  return {
    topic: lane.topic,
    partition: lane.partition,
    offset: progress.offset,
    text: encodeProgress({
      ...progress,
      crashes,
      ...(declaration === undefined ? {} : { declaration }),
      ...(claimed ? { owner } : {}),
    }),
  };
};
