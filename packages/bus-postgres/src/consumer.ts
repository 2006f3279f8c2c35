import { type Consumer, messageOf } from '@emporium/bus';
import {
  createDeliveries,
  createTrouble,
  type Delivery,
  maxTimerMs,
  type Settling,
} from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import type { Entry } from './entry.ts';
import { isAway } from './errors.ts';
import type { Member } from './session.ts';
import { createSettling } from './settlement.ts';
import type { Declared, Source } from './source.ts';

interface ConsumerOptions {
  readonly connection: Connection;
  readonly subscription: Declared;
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
  readonly concurrency: number;
  /** Makes the source of a consumer that it can wake. */
  readonly createSource: (wake: () => void) => Source;
  /** Declares the subscription again. Called again while it is gone. */
  readonly onGone: () => Promise<void>;
}

/** Claims when there is room and reason, and begins a delivery for each claim. */
export const createConsumer = async (options: ConsumerOptions): Promise<Consumer> => {
  const { connection, subscription, concurrency } = options;
  const { session, log } = connection;
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let claiming: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let declaring = false;
  const timers = new Set<NodeJS.Timeout>();
  const { name } = subscription;
  const position = `bus.message of ${name}`;
  const claims = createTrouble({ log, subscription: name, what: 'nothing can be claimed', position });
  const declarations = createTrouble({ log, subscription: name, what: 'it cannot be declared', position });

  const room = (): number => (state === 'running' ? concurrency - deliveries.count() : 0);

  const claim = async (): Promise<void> => {
    while (room() > 0 && source.ready()) {
      const entries = await source.claim(room());
      const begun = entries.slice(0, room());
      for (const entry of begun) deliveries.begin(entry);
      // Paused or stopped meanwhile.
      await source.giveBack(entries.slice(begun.length));
    }
  };

  const pump = (): void => {
    if (claiming !== undefined || room() <= 0 || !source.ready()) return;
    claiming = claim()
      .then(() => {
        claims.succeeded();
        return true;
      })
      .catch((error: unknown) => {
        source.refresh();
        // A lost connection wakes everyone when it is back; anything else is tried again after a while.
        if (isAway(error)) return false;
        claims.failed(error);
        wakeIn(1_000);
        return false;
      })
      .then((claimed) => {
        claiming = undefined;
        if (claimed) pump();
      });
  };

  const wake = (): void => {
    source.refresh();
    pump();
  };

  const wakeIn = (ms: number): void => {
    // What is due later is looked at again.
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        wake();
      },
      Math.min(Math.max(0, ms), maxTimerMs) + 1,
    );
    timers.add(timer);
  };

  const source = options.createSource(() => pump());
  const settling = releasing(createSettling(connection, subscription), {
    release: (entry, blockedMs) => {
      source.release(entry, blockedMs);
      if (blockedMs !== undefined) wakeIn(blockedMs);
    },
  });
  const onFailure = (entry: Entry, error: unknown): void =>
    log.warn(
      { subscription: subscription.name, messageId: entry.id },
      `the delivery failed: ${messageOf(error)}`,
    );
  const deliveries = createDeliveries<Entry>({
    deliver: options.deliver,
    settling,
    onEnd: pump,
    onFailure,
  });

  const declare = async (): Promise<void> => {
    if (declaring || state === 'stopped') return;
    declaring = true;
    try {
      await options.onGone();
      declarations.succeeded();
    } catch (error) {
      if (!isAway(error)) declarations.failed(error);
    } finally {
      declaring = false;
    }
  };

  const member: Member = {
    subscriptionId: subscription.id,
    name,
    onGone: () => void declare(),
    wake,
    wakeIn,
    hungry: () => room() > 0,
    tick: () => source.tick(),
    onChange: () => source.onChange(),
    regain: async (run) => {
      const lost = await source.regain(run, deliveries.list());
      for (const entry of lost) deliveries.giveUp(entry);
    },
  };

  const stop = async (timeoutMs: number): Promise<void> => {
    state = 'stopped';
    await claiming;
    const left = await deliveries.end(timeoutMs);
    for (const timer of timers) clearTimeout(timer);
    await source.giveBack(left).catch(() => {}); // without the session nothing is held
    await source.close();
    await session.leave(member);
  };

  try {
    await session.join(member);
    await source.open();
  } catch (error) {
    await stop(0);
    throw error;
  }
  pump();

  return {
    status: () => (declarations.status().state === 'stuck' ? declarations : claims).status(),
    pause: async () => {
      if (state === 'running') state = 'paused';
    },
    resume: async () => {
      if (state === 'paused') state = 'running';
      wake();
    },
    stop: ({ timeoutMs = 5_000 } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };
};

/** Settles, and then lets go of the claim, whatever became of it: a message that could not be settled comes again. */
const releasing = (settling: Settling<Entry>, { release }: Pick<Source, 'release'>): Settling<Entry> => {
  const releaseAfter = async (entry: Entry, work: Promise<void>, blockedMs?: number): Promise<void> => {
    try {
      await work;
    } catch (error) {
      release(entry, 0);
      throw error;
    }
    release(entry, blockedMs);
  };
  return {
    ack: (entry) => releaseAfter(entry, settling.ack(entry)),
    retry: (entry, delayMs) => releaseAfter(entry, settling.retry(entry, delayMs), delayMs),
    deadLetter: (entry, reason) => releaseAfter(entry, settling.deadLetter(entry, reason)),
  };
};
