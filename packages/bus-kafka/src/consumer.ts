import { randomUUID } from 'node:crypto';
import { type Consumer, messageOf } from '@emporium/bus';
import { createDeliveries, type Delivery, type Settling } from '@emporium/bus/transport';
import { slotOf } from './assigner.ts';
import { atMost } from './at-most.ts';
import { createCommitter, takenBack } from './committer.ts';
import type { Connection } from './connection.ts';
import type { Entry } from './entry.ts';
import { type Batch, createGroup, type Group, type Passed, type TopicPartition } from './group.ts';
import { createLane } from './lane.ts';
import { createLine, type Line, nextOf } from './line.ts';
import { crashLimit, type Owned } from './owned.ts';
import { decodeProgress } from './progress.ts';
import { watchForStall } from './stall.ts';
import { partitionsOf } from './topics.ts';

/** What the kinds of consumers differ in. */
export interface ConsumerOptions {
  readonly connection: Connection;
  readonly groupId: string;
  readonly topics: () => Promise<readonly string[]>;
  /** Unsettled at one time. */
  readonly concurrency: number;
  /** One delivery of a slot at a time. */
  readonly ordered: boolean;
  /** Those of the records that are to be delivered; the others are passed over. */
  readonly select: (batch: Batch, owned: Owned) => Promise<readonly Entry[]>;
  /** Whether the logs are others than those that were read before: the broker had lost them. Asked when partitions are assigned. */
  readonly isRenewed: () => Promise<boolean>;
  /** Another one when the broker had lost the subscription: what was committed before counts no more. */
  readonly declaration: () => string | undefined;
  /** Where a partition begins that the group has committed nothing of. */
  readonly beginning: (partition: TopicPartition) => number;
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
  readonly settling: (hands: Hands) => Settling<Entry>;
}

/** What a settlement does here, once the broker has what it needs to have. */
export interface Hands {
  /** Done. Resolves when the broker knows. */
  finish(entry: Entry): Promise<void>;
  /** Delivers it again from here, after so long; it was not settled. Where order matters nothing overtakes it. */
  again(entry: Entry, afterMs: number): void;
  /** It waits in front of its line for its next attempt; resolves when the broker knows. */
  hold(entry: Entry, delayMs: number): Promise<void>;
}

export interface GroupConsumer extends Consumer {
  /** The topics may be others now. */
  restart(): void;
  /** Resolves when partitions were assigned, and again after a restart. */
  joined(): boolean;
  /** What the consumer owns, for those who look after it. */
  readonly owned: ReadonlyMap<string, Owned>;
  /** Messages that wait although nothing was settled for so long: this instance is stuck. They are taken out. */
  takeStuck(ms: number): Entry[];
  /** What was taken out comes back. */
  putBack(entries: readonly Entry[]): void;
  readonly hands: Hands;
}

/** Not fetched from beyond so much that is not finished; again below half of it. */
const most = { count: 4_000, bytes: 4 * 1024 * 1024 };

/** What was passed over is committed now and then. */
const tidyMs = 1_000;

/** Above this a `setTimeout` fires at once. */
const longestTimerMs = 2 ** 31 - 1;

export const createConsumer = (options: ConsumerOptions): GroupConsumer => {
  const { connection, groupId, concurrency, ordered, select, beginning } = options;
  const { log, config } = connection;
  const me = randomUUID().slice(0, 8);
  const owned = new Map<string, Owned>();
  const lines = new Map<number, Line>();
  /** Nothing begins while partitions may move. */
  let suspended = true;
  let paused = false;
  let stopping: Promise<void> | undefined;
  let settledAt = Date.now();

  const lineOf = ({ slot }: Owned): Line => {
    const number = ordered ? slot : 0;
    const line = lines.get(number) ?? createLine();
    lines.set(number, line);
    return line;
  };

  const pump = (): void => {
    if (suspended || paused) return;
    for (const line of lines.values()) {
      while (deliveries.count() < concurrency && line.held === undefined && !(ordered && line.running > 0)) {
        const entry = nextOf(line);
        if (entry === undefined) break;
        line.running += 1;
        deliveries.begin(entry);
      }
    }
  };

  const enqueue = (entry: Entry): void => {
    if (entry.owned.lost) return;
    lineOf(entry.owned).waiting.push(entry);
    pump();
  };

  const after = (of: Owned, ms: number, work: () => void): void => {
    const timer = setTimeout(
      () => {
        of.timers.delete(timer);
        if (!of.lost) work();
      },
      Math.min(Math.max(0, ms) + 1, longestTimerMs),
    );
    of.timers.add(timer);
  };

  const hands: Hands = {
    finish: async ({ owned: of, offset }) => {
      const wasHead = of.lane.head() === offset;
      if (of.lost || !of.lane.finish(offset)) throw takenBack();
      if (wasHead) of.crashes = 0;
      if (of.paused && isBelow(of, 0.5)) {
        of.paused = false;
        group.resume([of.lane]);
      }
      await committer.commit(of);
    },
    again: (entry, afterMs) => {
      if (entry.owned.lost) return;
      if (ordered) holdLine({ ...entry, dueAt: Date.now() + afterMs });
      else after(entry.owned, afterMs, () => enqueue(entry));
    },
    hold: async (entry, delayMs) => {
      const { owned: of, offset } = entry;
      if (of.lost) throw takenBack();
      const retry = { attempt: entry.attempt + 1, dueAt: Date.now() + delayMs };
      of.lane.hold(offset, retry);
      holdLine({ ...entry, ...retry });
      await committer.commit(of);
    },
  };

  const holdLine = (entry: Entry): void => {
    const line = lineOf(entry.owned);
    line.held = entry;
    after(entry.owned, entry.dueAt - Date.now(), () => {
      line.held = undefined;
      line.waiting.unshift(entry);
      pump();
    });
  };

  const deliveries = createDeliveries<Entry>({
    deliver: options.deliver,
    settling: options.settling(hands),
    onFailure: ({ id }, error) => {
      log.warn({ group: groupId, messageId: id }, `the delivery failed: ${messageOf(error)}`);
    },
    onEnd: (entry) => {
      settledAt = Date.now();
      lineOf(entry.owned).running -= 1;
      pump();
    },
  });

  const lose = (of: Owned): void => {
    of.lost = true;
    owned.delete(keyOf(of.lane));
    for (const timer of of.timers) clearTimeout(timer);
    const line = lineOf(of);
    for (const entry of deliveries.list()) {
      if (entry.owned !== of) continue;
      line.running -= 1;
      deliveries.giveUp(entry);
    }
    const left = line.waiting.filter((entry) => entry.owned !== of);
    line.waiting.splice(0, line.waiting.length, ...left);
    if (line.held?.owned === of) line.held = undefined;
  };

  const onLeaving = async (): Promise<void> => {
    suspended = true;
    await deliveries.idle(config.sessionTimeoutMs / 3);
    await release(config.sessionTimeoutMs / 6);
  };

  /** Says that these partitions are left in order. What cannot be said now is found out by whoever comes next. */
  const release = async (ms: number): Promise<void> => {
    if (!group.isMember()) return;
    const commits = [...owned.values()].map((of) => {
      of.claimed = false;
      return committer.commit(of);
    });
    await atMost(ms, Promise.allSettled(commits));
  };

  const onAssigned = async (partitions: readonly TopicPartition[]): Promise<void> => {
    if (await options.isRenewed()) for (const of of [...owned.values()]) lose(of);
    const keys = new Set(partitions.map(keyOf));
    for (const [key, of] of [...owned]) if (!keys.has(key)) lose(of);
    for (const partition of partitions) {
      if (!owned.has(keyOf(partition))) owned.set(keyOf(partition), createOwned(partition));
    }
    group.resume(partitions);
    for (const committed of await group.committed(partitions)) {
      const known = owned.get(keyOf(committed));
      if (known === undefined) continue;
      const said = decodeProgress(committed.offset, committed.text);
      const isEarlier = said.declaration !== undefined && said.declaration !== options.declaration();
      const begin = committed.offset < 0 || isEarlier;
      const isForgotten = begin ? known.lane.position() > 0 : committed.offset < known.confirmed;
      const of = isForgotten ? anew(known) : known;
      of.paused = false;
      const offset = begin ? beginning(committed) : committed.offset;
      of.confirmed = begin ? -1 : committed.offset;
      of.restored = begin ? decodeProgress(offset, '') : said;
      of.claimed = false;
      of.crashes = Math.max(of.crashes, of.restored.crashes);
      of.lane.restore(of.restored);
      const position = of.lane.position();
      if (begin || position > offset) group.seek(of.lane, position);
    }
    if (stopping !== undefined) return;
    suspended = false;
    settledAt = Date.now();
    pump();
  };

  const createOwned = ({ topic, partition }: TopicPartition): Owned => ({
    lane: createLane(topic, partition),
    slot: slotOf(topic, partition, partitionsOf(topic)),
    declaration: options.declaration(),
    restored: decodeProgress(0, ''),
    claimed: false,
    crashes: 0,
    confirmed: -1,
    paused: false,
    timers: new Set(),
    begun: Promise.resolve(),
    lost: false,
  });

  /** Before the first delivery the broker knows who works here; if the one before never left, it crashed. */
  const claim = (of: Owned): Promise<void> => {
    const { owner } = of.restored;
    if (owner !== undefined && owner !== me) of.crashes += 1;
    if (of.crashes > 1) {
      log.warn(
        { group: groupId, topic: of.lane.topic, crashes: of.crashes },
        'its owners keep ending at one message',
      );
    }
    of.claimed = true;
    return committer.commit(of);
  };

  /** What was read of it belongs to a log that is gone: its topic was removed and made again, or the whole broker was. */
  const anew = (of: Owned): Owned => {
    const { topic, partition } = of.lane;
    log.error({ group: groupId, topic, partition }, 'the log begins anew: what it held is gone');
    lose(of);
    const fresh = createOwned(of.lane);
    owned.set(keyOf(of.lane), fresh);
    return fresh;
  };

  /** A log that ends before what was read of it is another one. */
  const renewed = (of: Owned, { end, records: [first] }: Batch): Owned => {
    if (first === undefined || end >= of.lane.position()) return of;
    const fresh = anew(of);
    fresh.lane.restore(decodeProgress(Number(first.offset), ''));
    return fresh;
  };

  const onBatch = async (batch: Batch): Promise<void> => {
    const known = owned.get(keyOf(batch));
    if (known === undefined) return;
    const of = renewed(known, batch);
    const entries = await select(batch, of);
    if (of.lost) return;
    const fresh = entries.filter(({ offset, body }) => of.lane.take(offset, body.byteLength));
    of.lane.pass(batch.last);
    if (!of.paused && !isBelow(of, 1)) {
      of.paused = true;
      group.pause(of.lane);
    }
    if (fresh.length === 0) return;
    // Not awaited: kafkajs must go on, to hear of a rebalance that the claim may be waiting for.
    of.begun = (of.claimed ? of.begun : of.begun.then(() => claim(of)))
      .then(() => {
        for (const entry of fresh) accept(entry);
        pump();
      })
      .catch(() => {}); // the partition was lost
  };

  const accept = (entry: Entry): void => {
    const { owned: of, offset } = entry;
    const held = of.lane.heldAt(offset);
    if (of.lost) return;
    if (of.crashes >= crashLimit && of.lane.head() === offset) return setAside(entry);
    if (held !== undefined) holdLine({ ...entry, ...held });
    else if (entry.dueAt > Date.now()) after(of, entry.dueAt - Date.now(), () => enqueue(entry));
    else lineOf(of).waiting.push(entry);
  };

  const setAside = (entry: Entry): void => {
    entry.owned.crashes = 0;
    const reason = { code: 'bus.attempts_exhausted', message: 'its consumers ended without settling it' };
    const crashed: Entry = { ...entry, attempt: crashLimit };
    options
      .settling(hands)
      .deadLetter(crashed, reason)
      .catch(() => hands.again(entry, againMs));
  };

  const onPassed = ({ last, ...partition }: Passed): void => owned.get(keyOf(partition))?.lane.pass(last);

  const group: Group = createGroup({
    connection,
    groupId,
    topics: options.topics,
    slots: () => [...new Set([...owned.values()].map(({ slot }) => slot))],
    onLeaving,
    onAssigned,
    onLost: () => {
      suspended = true;
    },
    onBatch,
    onPassed,
  });
  const stall = watchForStall({
    connection,
    trouble: () =>
      suspended || !group.isMember() ? (group.trouble() ?? 'it is not in its group') : undefined,
    reading: () =>
      paused || suspended ? [] : [...owned.values()].filter((of) => !of.paused).map(({ lane }) => lane),
  });
  const committer = createCommitter(() => group, me);

  const tidy = setInterval(() => {
    if (suspended || !group.isMember()) return;
    for (const of of owned.values()) committer.commit(of).catch(() => {}); // it is said again
  }, tidyMs).unref();

  const stop = async (timeoutMs: number): Promise<void> => {
    clearInterval(tidy);
    stall.end();
    suspended = true;
    await deliveries.end(timeoutMs);
    for (const of of owned.values()) for (const timer of of.timers) clearTimeout(timer);
    await release(2_000);
    await group.stop();
    for (const of of [...owned.values()]) lose(of);
  };

  return {
    owned,
    hands,
    joined: () => !suspended,
    restart: () => group.restart(),
    takeStuck: (ms) => {
      const line = lines.get(0);
      const isStuck =
        !ordered &&
        !suspended &&
        !paused &&
        line !== undefined &&
        deliveries.count() >= concurrency &&
        Date.now() - settledAt > ms;
      if (!isStuck) return [];
      const stuck = line.waiting.filter(
        ({ arrivedAt, isPassed, unreadable }) =>
          !isPassed && unreadable === undefined && Date.now() - arrivedAt > ms,
      );
      const taken = new Set(stuck.slice(0, concurrency * 10));
      const left = line.waiting.filter((entry) => !taken.has(entry));
      line.waiting.splice(0, line.waiting.length, ...left);
      return [...taken];
    },
    putBack: (entries) => entries.forEach(enqueue),
    status: stall.status,
    pause: async () => {
      paused = true;
    },
    resume: async () => {
      paused = false;
      settledAt = Date.now();
      pump();
    },
    stop: ({ timeoutMs = 5_000 } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };
};

/** What could not be set aside is tried again after so long. */
const againMs = 250;

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

const isBelow = ({ lane }: Owned, part: number): boolean => {
  const { count, bytes } = lane.load();
  return count < most.count * part && bytes < most.bytes * part;
};
