import type { DeadLetter, TransportMessage } from '@emporium/bus';

/** A message that one subscription has yet to handle. */
export interface Entry extends TransportMessage {
  readonly attempt: number;
  /** What a dead letter adds to its message. */
  readonly letter?: Pick<DeadLetter, 'subscription' | 'reason' | 'attempts' | 'failedAt'>;
}

/** Messages in their order: of a whole unordered subscription, or of one partition. */
export interface Lane {
  add(entry: Entry): void;
  /** The next message that may be begun now. It is out until it is settled or given back. */
  take(): Entry | undefined;
  /** It was acked or set aside. */
  done(): void;
  /** It comes again after the delay. */
  again(entry: Entry, delayMs: number): void;
  /** It was not settled, and comes again at once. */
  giveBack(entry: Entry): void;
  /** Messages that are here, out, or waiting for their next attempt. */
  size(): number;
}

/** In a serial lane one message at a time is out or waits for its next attempt, and all others stay behind it. */
export const createLane = (options: { readonly serial: boolean; readonly onReady: () => void }): Lane => {
  const { serial, onReady } = options;
  const ready: Entry[] = [];
  let out = 0;
  let waiting = 0;

  return {
    add: (entry) => {
      ready.push(entry);
      onReady();
    },
    take: () => {
      if (serial && out + waiting > 0) return undefined;
      const entry = ready.shift();
      if (entry !== undefined) out += 1;
      return entry;
    },
    done: () => {
      out -= 1;
      onReady();
    },
    again: (entry, delayMs) => {
      out -= 1;
      waiting += 1;
      after(delayMs, () => {
        waiting -= 1;
        const next = { ...entry, attempt: entry.attempt + 1 };
        if (serial) ready.unshift(next);
        else ready.push(next);
        onReady();
      });
      onReady();
    },
    giveBack: (entry) => {
      out -= 1;
      ready.unshift(entry);
      onReady();
    },
    size: () => ready.length + out + waiting,
  };
};

/** Above this a `setTimeout` fires at once. */
const longestTimerMs = 2 ** 31 - 1;

const after = (delayMs: number, work: () => void): void => {
  const rest = delayMs - longestTimerMs;
  if (rest > 0) setTimeout(() => after(rest, work), longestTimerMs);
  else setTimeout(work, delayMs + 1); // a timer may fire a fraction of a millisecond early
};
