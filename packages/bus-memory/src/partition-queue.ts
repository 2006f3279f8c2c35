import type { DeadLetter, TransportMessage } from '@emporium/bus';

/** A message that one subscription has not handled yet. */
export interface Entry extends TransportMessage {
  readonly attempt: number;
  /** When it was published, in milliseconds since 1970. */
  readonly storedAt: number;
  /** What a dead letter adds to its message. */
  readonly deadLetter?: Pick<DeadLetter, 'subscription' | 'reason' | 'attempts' | 'failedAt'>;
}

/** Messages in order: of one partition, or of a whole unordered subscription. */
export interface PartitionQueue {
  add(entry: Entry): void;
  /** The next message that may start now, if any. It is in progress until one of `done`, `retry` and `requeue` is called. */
  take(): Entry | undefined;
  /** It was acked or dead-lettered. */
  done(entry: Entry): void;
  /** Delivers it again after the delay, as the next attempt. */
  retry(entry: Entry, delayMs: number): void;
  /** Puts it back in front, as the same attempt. */
  requeue(entry: Entry): void;
  /** The number of messages that wait or are in progress. */
  size(): number;
  /** Those that are in progress. */
  unacked(): number;
  /** When the oldest of all was published, in milliseconds since 1970. */
  oldest(): number | undefined;
}

/** With `serial`, one message at a time is in progress or waits for its next attempt, and blocks all others. */
export const createPartitionQueue = (options: {
  readonly serial: boolean;
  /** Called when there may be a message to take. */
  readonly onReady: () => void;
}): PartitionQueue => {
  const { serial, onReady } = options;
  const ready: Entry[] = [];
  const inProgress = new Set<Entry>();
  const inRetry = new Set<Entry>();

  return {
    add: (entry) => {
      ready.push(entry);
      onReady();
    },
    take: () => {
      if (serial && inProgress.size + inRetry.size > 0) return undefined;
      const entry = ready.shift();
      if (entry !== undefined) inProgress.add(entry);
      return entry;
    },
    done: (entry) => {
      inProgress.delete(entry);
      onReady();
    },
    retry: (entry, delayMs) => {
      inProgress.delete(entry);
      inRetry.add(entry);
      after(delayMs, () => {
        inRetry.delete(entry);
        const next = { ...entry, attempt: entry.attempt + 1 };
        if (serial) ready.unshift(next);
        else ready.push(next);
        onReady();
      });
      onReady();
    },
    requeue: (entry) => {
      inProgress.delete(entry);
      ready.unshift(entry);
      onReady();
    },
    size: () => ready.length + inProgress.size + inRetry.size,
    unacked: () => inProgress.size,
    oldest: () => {
      const times = [...ready, ...inProgress, ...inRetry].map(({ storedAt }) => storedAt);
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
};

/** `setTimeout` fires at once for a longer delay. */
const maxTimerMs = 2 ** 31 - 1;

const after = (delayMs: number, work: () => void): void => {
  const rest = delayMs - maxTimerMs;
  if (rest > 0) setTimeout(() => after(rest, work), maxTimerMs);
  else setTimeout(work, delayMs + 1); // a timer may fire a fraction of a millisecond early
};
