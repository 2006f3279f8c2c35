import type { Consumer } from '@emporium/bus';
import {
  createTrouble,
  type Delivery,
  type Fetcher,
  firstStuck,
  maxTimerMs,
  type Outcome,
  type Slots,
  startQueueConsumer,
} from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import type { Entry } from '../entry.ts';
import { isAway } from '../errors.ts';
import type { Member } from '../session.ts';
import { createSettling } from './settlement.ts';
import type { Declared, Source } from './source.ts';

interface FetcherOptions {
  readonly connection: Connection;
  readonly subscription: Declared;
  /** `wake` is called when a message may be available. */
  readonly createSource: (wake: () => void) => Source;
  /** Declares the subscription again. Called again while it is missing. */
  readonly onGone: () => Promise<void>;
}

interface ConsumerOptions extends FetcherOptions {
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
  readonly concurrency: number;
}

export const createConsumer = (options: ConsumerOptions): Promise<Consumer> => {
  const { connection, subscription, deliver, concurrency } = options;
  return startQueueConsumer<Entry>({
    subscription: subscription.name,
    log: connection.log,
    concurrency,
    deliver,
    createFetcher: (slots) => createFetcher(options, slots),
  });
};

/** Fetches whenever there is room and a message may be available, and begins a delivery for each message. */
const createFetcher = (
  { connection, subscription, createSource, onGone }: FetcherOptions,
  { state, room, deliveries }: Slots<Entry>,
): Fetcher<Entry> => {
  const { session, log } = connection;
  const { name } = subscription;
  const position = `bus.message of ${name}`;
  const reading = createTrouble({ log, subscription: name, what: 'messages cannot be read', position });
  const declaring = createTrouble({ log, subscription: name, what: 'it cannot be declared', position });
  let fetching: Promise<void> | undefined;
  let isDeclaring = false;
  const timers = new Set<NodeJS.Timeout>();

  const fetchWhileRoom = async (): Promise<void> => {
    while (room() > 0 && source.mayHaveMore()) {
      const entries = await source.fetch(room());
      const begun = entries.slice(0, room());
      for (const entry of begun) deliveries().begin(entry);
      // The consumer was paused or stopped meanwhile.
      await source.giveBack(entries.slice(begun.length));
    }
  };

  const pump = (): void => {
    if (fetching !== undefined || room() <= 0 || !source.mayHaveMore()) return;
    fetching = fetchWhileRoom()
      .then(() => {
        reading.succeeded();
        return true;
      })
      .catch((error: unknown) => {
        source.refresh();
        // After a lost connection the session wakes its members; other errors are retried after a second.
        if (isAway(error)) return false;
        reading.failed(error);
        wakeIn(1_000);
        return false;
      })
      .then((fetched) => {
        fetching = undefined;
        if (fetched) pump();
      });
  };

  const wake = (): void => {
    source.refresh();
    pump();
  };

  const wakeIn = (ms: number): void => {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        wake();
      },
      Math.min(Math.max(0, ms), maxTimerMs) + 1,
    );
    timers.add(timer);
  };

  const declare = async (): Promise<void> => {
    if (isDeclaring || state() === 'stopped') return;
    isDeclaring = true;
    try {
      await onGone();
      declaring.succeeded();
    } catch (error) {
      if (!isAway(error)) declaring.failed(error);
    } finally {
      isDeclaring = false;
    }
  };

  const source = createSource(pump);
  const member: Member = {
    subscriptionId: subscription.id,
    name,
    onGone: () => void declare(),
    wake,
    wakeIn,
    hasRoom: () => room() > 0,
    tick: () => source.tick(),
    onChange: () => source.onChange(),
    relock: async (run) => {
      const lost = await source.relock(run, deliveries().list());
      for (const entry of lost) deliveries().giveUp(entry);
    },
  };

  return {
    settling: createSettling(connection, subscription),
    onEnd: (entry, outcome) => {
      const blockedMs = blockedMsOf(outcome);
      source.release(entry, blockedMs);
      if (blockedMs !== undefined) wakeIn(blockedMs);
      pump();
    },
    start: async () => {
      await session.join(member);
      await source.open();
      pump();
    },
    resume: wake,
    pause: async () => {}, // what was fetched has begun
    stop: async () => {
      await fetching;
    },
    close: async (unsettled) => {
      for (const timer of timers) clearTimeout(timer);
      await source.giveBack(unsettled).catch(() => {}); // a lost session has no locks
      await source.close();
      await session.leave(member);
    },
    status: () => firstStuck(declaring, reading),
  };
};

/** How long a message waits until it is delivered again; undefined if it is not. */
const blockedMsOf = (outcome: Outcome): number | undefined => {
  switch (outcome.kind) {
    case 'settled':
      return undefined;
    case 'retried':
      return outcome.delayMs;
    case 'failed':
      return 0;
  }
};
