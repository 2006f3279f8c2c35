import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, messageOf } from '@emporium/bus';
import {
  createTrouble,
  type Delivery,
  type Fetcher,
  firstStuck,
  type Outcome,
  type Settling,
  type Slots,
  startQueueConsumer,
} from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import type { Entry } from '../entry.ts';
import { isMissing, isUnavailable } from '../errors.ts';
import { queueOf } from '../names.ts';
import { type Redelivery, type Source, tickMs, waitMs } from './source.ts';

interface FetcherOptions {
  readonly connection: Connection;
  /** Of the subscription. */
  readonly name: string;
  /** `wake` is called when a message may begin. */
  readonly createSource: (wake: () => void) => {
    readonly source: Source;
    readonly settling: Settling<Entry>;
  };
  /** Creates what is missing of the subscription and its queue. */
  readonly declare: () => Promise<unknown>;
}

export interface ConsumerOptions extends Omit<FetcherOptions, 'createSource'> {
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
  readonly concurrency: number;
}

export const createConsumer = (options: ConsumerOptions & FetcherOptions): Promise<Consumer> => {
  const { connection, name, deliver, concurrency } = options;
  return startQueueConsumer<Entry>({
    subscription: name,
    log: connection.log,
    concurrency,
    deliver,
    createFetcher: (slots) => createFetcher(options, slots),
  });
};

/** Reads ahead in a loop while there is room, and begins the deliveries of the messages that may begin. */
const createFetcher = (
  { connection, name, createSource, declare }: FetcherOptions,
  { state, room, deliveries }: Slots<Entry>,
): Fetcher<Entry> => {
  const { log, commands } = connection;
  const position = queueOf(name);
  const reading = createTrouble({ log, subscription: name, what: 'messages cannot be read', position });
  const maintaining = createTrouble({
    log,
    subscription: name,
    what: 'its queue cannot be maintained',
    position,
  });
  let roomChanged = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  let isTicking = false;
  let ticks = 0;

  /** Messages that are being settled make room soon. Those that follow them may be on their way, and the next ones waiting. */
  const roomSoon = (): number => (state() === 'running' ? room() + 2 * deliveries().settling() : 0);

  const pump = (): void => {
    while (room() > 0) {
      const entry = source.next();
      if (entry === undefined) break;
      deliveries().begin(entry);
    }
    roomChanged();
  };

  const { source, settling } = createSource(pump);

  /** Runs until the consumer stops, so that no fetched message is forgotten. */
  const fetchAll = async (): Promise<void> => {
    while (state() !== 'stopped') {
      if (!source.wants(roomSoon())) {
        await new Promise<void>((resolve) => {
          roomChanged = resolve;
        });
        continue;
      }
      await source.fetch(roomSoon()).then(reading.succeeded, repair);
      if (state() === 'running') pump();
      else await giveBackWaiting();
    }
  };

  const redeclare = async (): Promise<void> => {
    log.warn({ subscription: name }, 'its queue is gone, and is created again');
    await declare();
    await source.open();
  };

  /** Always waits, so that a failure that lasts is no busy loop. */
  const repair = async (error: unknown): Promise<void> => {
    const cause = isMissing(error) ? await redeclare().catch((failure: unknown) => failure) : error;
    // The connection logs that the broker is unavailable.
    if (cause !== undefined && !isUnavailable(cause)) reading.failed(cause);
    await sleep(isUnavailable(error) ? 50 : 1_000);
  };

  const tick = async (): Promise<void> => {
    if (isTicking || !commands.connected()) return;
    isTicking = true;
    try {
      ticks += 1;
      if (ticks % declareTicks === 0) await declare();
      const lost = new Set(await source.tick(deliveries().unsettled(), state() === 'running'));
      maintaining.succeeded();
      for (const entry of deliveries().unsettled()) {
        if (!lost.has(entry)) continue;
        log.warn({ subscription: name, messageId: entry.id }, 'another instance has taken it over');
        deliveries().giveUp(entry);
      }
    } catch (error) {
      if (isMissing(error)) await repair(error);
      else if (!isUnavailable(error)) maintaining.failed(error);
    } finally {
      isTicking = false;
      pump();
    }
  };

  /** If the broker is away, other instances have the messages when the lease ends. */
  const giveBackWaiting = (): Promise<void> => source.giveBackWaiting().catch(() => {});

  let fetching: Promise<void> = Promise.resolve();

  return {
    settling: {
      ...settling,
      ack: (entry) => {
        roomChanged();
        return settling.ack(entry);
      },
    },
    onEnd: (entry, outcome) => {
      source.release(entry, redeliveryOf(entry, outcome));
      pump();
    },
    start: async () => {
      timer = setInterval(() => void tick(), tickMs);
      await source.open();
      fetching = fetchAll();
    },
    resume: pump,
    pause: async () => {
      source.interrupt();
      await giveBackWaiting();
    },
    stop: async () => {
      roomChanged();
      source.interrupt();
      // Not for a server that does not answer.
      await Promise.race([fetching, sleep(waitMs, undefined, { ref: false })]);
      await giveBackWaiting();
    },
    close: async (unsettled) => {
      clearInterval(timer);
      await source.close(unsettled).catch((error: unknown) => {
        log.warn(
          { subscription: name },
          `not all messages were given back, other instances have to wait for them: ${messageOf(error)}`,
        );
      });
    },
    status: () => firstStuck(maintaining, reading),
  };
};

/** What could not be settled is delivered again as the same attempt. */
const redeliveryOf = ({ attempt }: Entry, outcome: Outcome): Redelivery | undefined => {
  switch (outcome.kind) {
    case 'settled':
      return undefined;
    case 'retried':
      return { attempt: attempt + 1, delayMs: outcome.delayMs };
    case 'failed':
      return { attempt, delayMs: tickMs };
  }
};

/** The subscription is declared every so many ticks: a consumer that reads nothing gets no error after a reset of the broker. */
const declareTicks = 5;
