import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, messageOf } from '@emporium/bus';
import { createDeliveries, createTrouble, type Delivery, type Settling } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import type { Entry } from './entry.ts';
import { isMissing, isUnavailable } from './errors.ts';
import { queueOf } from './names.ts';
import { type Again, type Source, tickMs, waitMs } from './source.ts';

interface ConsumerOptions {
  readonly connection: Connection;
  /** Of the subscription. */
  readonly name: string;
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
  readonly concurrency: number;
  readonly source: Source;
  readonly settling: Settling<Entry>;
  /** Calls back when something may begin. */
  readonly onWake: (wake: () => void) => void;
  /** Makes what is missing of the subscription and its queue. */
  readonly declare: () => Promise<unknown>;
}

/** Fetches while there is room, and begins what may begin. */
export const createConsumer = async (options: ConsumerOptions): Promise<Consumer> => {
  const { connection, name, concurrency, source } = options;
  const { log, commands } = connection;
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let changed = (): void => {};
  let stopping: Promise<void> | undefined;
  let ticking = false;
  let ticks = 0;
  const position = queueOf(name);
  const reading = createTrouble({ log, subscription: name, what: 'nothing can be read', position });
  const looking = createTrouble({
    log,
    subscription: name,
    what: 'its queue cannot be looked after',
    position,
  });

  const room = (): number => (state === 'running' ? concurrency - deliveries.count() : 0);
  /** What is being settled is on its way out: what follows it may be on its way in, and what follows that may wait already. */
  const roomSoon = (): number => (state === 'running' ? room() + 2 * deliveries.settling() : 0);

  const pump = (): void => {
    while (room() > 0) {
      const entry = source.next();
      if (entry === undefined) break;
      deliveries.begin(entry);
    }
    changed();
  };

  const onFailure = (entry: Entry, error: unknown): void =>
    log.warn({ subscription: name, messageId: entry.id }, `the delivery failed: ${messageOf(error)}`);
  const again = new WeakMap<Entry, Again>();
  const settling: Settling<Entry> = {
    ack: (entry) => {
      changed();
      return options.settling.ack(entry);
    },
    retry: async (entry, delayMs) => {
      await options.settling.retry(entry, delayMs);
      again.set(entry, { attempt: entry.attempt + 1, delayMs });
    },
    deadLetter: options.settling.deadLetter,
  };
  const deliveries = createDeliveries<Entry>({
    deliver: options.deliver,
    settling,
    onFailure,
    onEnd: (entry, settled) => {
      // What could not be settled comes again, as the same attempt.
      source.release(entry, settled ? again.get(entry) : { attempt: entry.attempt, delayMs: tickMs });
      pump();
    },
  });

  /** A loop ends when the consumer stops: nothing that was fetched is left unseen. */
  const fetchAll = async (): Promise<void> => {
    while (state !== 'stopped') {
      if (!source.hungry(roomSoon())) {
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
        continue;
      }
      await source.fetch(roomSoon()).then(reading.succeeded, mend);
      if (state === 'running') pump();
      else await yieldWaiting();
    }
  };

  const remake = async (): Promise<void> => {
    log.warn({ subscription: name }, 'its queue is gone, and is made again');
    await options.declare();
    await source.open();
  };

  /** Always waits: what is as wrong as before at the next look must not be a busy loop. */
  const mend = async (error: unknown): Promise<void> => {
    const cause = isMissing(error) ? await remake().catch((failure: unknown) => failure) : error;
    // What is unavailable is told by the connection.
    if (cause !== undefined && !isUnavailable(cause)) reading.failed(cause);
    await sleep(isUnavailable(error) ? 50 : 1_000);
  };

  const tick = async (): Promise<void> => {
    if (ticking || !commands.connected()) return;
    ticking = true;
    try {
      ticks += 1;
      if (ticks % declareTicks === 0) await options.declare();
      const lost = new Set(await source.tick(deliveries.unsettled(), state === 'running'));
      looking.succeeded();
      for (const entry of deliveries.unsettled()) {
        if (!lost.has(entry)) continue;
        log.warn({ subscription: name, messageId: entry.id }, 'another instance has taken it over');
        deliveries.giveUp(entry);
      }
    } catch (error) {
      if (isMissing(error)) await mend(error);
      else if (!isUnavailable(error)) looking.failed(error);
    } finally {
      ticking = false;
      pump();
    }
  };

  /** Where the broker is away the lease ends, and others have it. */
  const yieldWaiting = (): Promise<void> => source.yieldWaiting().catch(() => {});

  const stop = async (timeoutMs: number): Promise<void> => {
    state = 'stopped';
    changed();
    await interrupted(fetching, source);
    await yieldWaiting();
    const left = await deliveries.end(timeoutMs);
    clearInterval(timer);
    await source.close(left).catch((error: unknown) => {
      log.warn({ subscription: name }, `not all was given back, others wait for it: ${messageOf(error)}`);
    });
  };

  options.onWake(pump);
  const timer = setInterval(() => void tick(), tickMs);
  let fetching: Promise<void> = Promise.resolve();
  try {
    await source.open();
  } catch (error) {
    await stop(0);
    throw error;
  }
  fetching = fetchAll();

  return {
    status: () => (looking.status().state === 'stuck' ? looking : reading).status(),
    pause: async () => {
      if (state !== 'running') return;
      state = 'paused';
      source.interrupt();
      await yieldWaiting();
    },
    resume: async () => {
      if (state === 'paused') state = 'running';
      pump();
    },
    stop: ({ timeoutMs = 5_000 } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };
};

/** Every so many ticks it is made sure that the subscription is still declared: a reset is no error to whoever reads nothing. */
const declareTicks = 5;

/** Waits for the end of the fetch that is under way; not for a server that does not answer. */
const interrupted = async (fetching: Promise<void>, source: Source): Promise<void> => {
  source.interrupt();
  await Promise.race([fetching, sleep(waitMs, undefined, { ref: false })]);
};
