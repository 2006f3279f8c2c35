import { type Consumer, truncatedBodyBytes } from '@emporium/bus';
import { type Deliver, delayTiers, type Limits, type Settling, textFrom } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import { createConsumer, type GroupConsumer, type Hands } from './consumer.ts';
import type { Entry } from './entry.ts';
import type { Batch } from './group.ts';
import { whenJoined } from './joining.ts';
import { topicsFor } from './layout.ts';
import { attemptOf, countOf, type RawRecord, readRecord, textOf, typeOf } from './message-format.ts';
import { deadLetterTopic, directTopic, isOwnTopic, recordTopic, tierTopic, topicsRead } from './names.ts';
import type { Owned } from './owned.ts';
import type { Routed } from './publisher.ts';
import type { Tools } from './tools.ts';
import { partitionsOf } from './topics.ts';
import { declare, isDeclared } from './topology.ts';

/** What a retry or a dead letter could not be written for is delivered again after so long. */
const againMs = 250;
const mostAgainMs = 10_000;

/** An instance of which nothing was settled for so long, although it is full, passes on what waits behind. */
const stuckMs = 1_000;

/** Declares the subscription where it is missing, and reads it as one of its group. */
export const subscribe = async (
  tools: Tools,
  subscription: Subscription,
  deliver: Deliver,
  { concurrency }: Limits,
): Promise<Consumer> => {
  const { connection, record } = tools;
  await declare(tools, subscription);
  const { name } = subscription;
  // Ordered or not is as the broker has it: a change of that is a conflict, which topology tells.
  const ordered = record.bindings.subscription(name)?.ordered ?? subscription.ordered;
  const topics = (): string[] =>
    topicsRead(
      { ...subscription, ordered },
      record.bindings.of(name).map(({ topic }) => topic),
    );
  let reading = topics();
  let isStarting = false;
  let declaration = record.bindings.subscription(name)?.id;

  const ensureDeclared = async (): Promise<void> => {
    await record.refresh();
    if (isDeclared(tools, subscription)) return;
    connection.log.warn({ subscription: name }, 'the broker has lost the subscription: it is declared again');
    tools.topics.forget([recordTopic, ...topicsFor(subscription)]);
    await declare(tools, subscription, true);
  };

  const consumer = createConsumer({
    connection,
    groupId: name,
    isRenewed: async () => {
      await ensureDeclared();
      const before = declaration;
      declaration = record.bindings.subscription(name)?.id;
      return declaration !== before;
    },
    declaration: () => declaration,
    topics: async () => {
      isStarting = true;
      try {
        await ensureDeclared();
        reading = topics();
        tools.topics.forget(reading); // one that is gone may be why this is asked again
        await tools.topics.ensure(reading);
        return reading;
      } finally {
        isStarting = false;
      }
    },
    concurrency,
    ordered,
    select: selector(tools, subscription),
    beginning: ({ topic, partition }) => record.bindings.beginning(name, topic, partition),
    deliver: (delivery) => deliver(delivery),
    settling: (hands) => settlingOf(tools, subscription, ordered, hands),
  });

  const unwatch = tools.watch(() => {
    // Joining again makes sure of the topics and of the declaration.
    if (isStarting) return;
    const isGone = !isDeclared(tools, subscription) || reading.some((topic) => !tools.topics.has(topic));
    if (!isGone && topics().every((topic) => reading.includes(topic))) return;
    isStarting = true;
    consumer.restart();
  });
  const passing = ordered
    ? undefined
    : setInterval(() => passOn(tools, subscription, consumer), stuckMs / 2).unref();
  const stopping: Consumer = {
    ...consumer,
    stop: (options) => {
      unwatch();
      clearInterval(passing);
      return consumer.stop(options);
    },
  };
  await whenJoined(connection, consumer, stopping);
  return stopping;
};

/**
 * Of the owners' topics what the subscription listens to, of the service's own what is addressed to it. What cannot be decoded may
 * have been for anybody who reads the topic.
 */
const selector = ({ record }: Tools, { name, service }: Subscription) => {
  return async ({ topic, partition, records }: Batch, owned: Owned): Promise<Entry[]> => {
    const from = (raw: RawRecord, origin: Origin): Entry => entryOf(raw, { topic, partition, owned, origin });
    if (isOwnTopic(service, topic)) {
      return records
        .filter((raw) => raw.unreadable !== undefined || textOf(raw, 'to') === name)
        .map((raw) => from(raw, 'ours'));
    }
    // The topic of an open stream has the name of its type.
    if (record.bindings.listens(name, topic)) return records.map((raw) => from(raw, 'open'));
    const isWanted = (raw: RawRecord): boolean => {
      const type = typeOf(raw);
      return raw.unreadable !== undefined || type === undefined || record.bindings.listens(name, type);
    };
    // It may listen to more since the record was read: nothing is passed over before it is read again.
    if (!records.every(isWanted)) await record.refresh();
    return records.filter(isWanted).map((raw) => from(raw, 'shop'));
  };
};

/** Whose topic it is: of an open stream, of the events or commands of an owner, or one that we alone write. */
type Origin = 'open' | 'shop' | 'ours';

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly owned: Owned;
  readonly origin: Origin;
}

export const entryOf = (raw: RawRecord, { topic, partition, owned, origin }: Place): Entry => {
  const { position, ...read } = readRecord(raw, topic, partition, origin === 'open');
  const isOurs = origin === 'ours';
  const now = Date.now();
  return {
    ...read,
    owned,
    offset: Number(raw.offset),
    position: (isOurs && textOf(raw, 'position')) || position,
    attempt: isOurs ? attemptOf(raw) : 1,
    dueAt: isOurs ? Math.min(countOf(raw, 'due'), now + longestTierMs) : 0,
    isPassed: isOurs && textOf(raw, 'passed') !== '',
    arrivedAt: now,
  };
};

const longestTierMs = Math.max(...delayTiers);

const settlingOf = (
  { publisher }: Tools,
  { name, service, retry }: Subscription,
  ordered: boolean,
  hands: Hands,
): Settling<Entry> => {
  const last = delayTiers.find((tier) => tier >= retry.maxDelayMs) ?? delayTiers[delayTiers.length - 1] ?? 0;

  /** Written and confirmed before the message is finished here: a crash in between delivers it twice, and loses none. */
  const moveTo = async (entry: Entry, routed: Omit<Routed, 'message'>): Promise<void> => {
    const { id, type, key, body, refusals = 0 } = entry;
    const [result] = await publisher.publish([{ message: { id, type, key, body }, ...routed }]);
    if (result?.status === 'refused') {
      const isTooLarge = result.error.details['why'] === 'MESSAGE_TOO_LARGE';
      const next = { ...entry, refusals: refusals + 1, isTooLarge };
      hands.again(next, Math.min(againMs * 2 ** refusals, mostAgainMs));
      throw result.error;
    }
    await hands.finish(entry);
  };

  return {
    ack: hands.finish,
    retry: async (entry, delayMs) => {
      if (ordered) return hands.hold(entry, delayMs);
      // A copy would be of its beginning alone.
      if (entry.unreadable !== undefined) {
        return hands.again({ ...entry, attempt: entry.attempt + 1 }, Math.max(delayMs, againMs));
      }
      const tier = delayTiers.find((one) => one >= delayMs) ?? last;
      const headers = {
        to: name,
        position: entry.position,
        attempt: String(entry.attempt + 1),
        due: String(Date.now() + delayMs),
      };
      return moveTo(entry, { topic: tierTopic(service, Math.min(tier, last)), headers });
    },
    deadLetter: (whole, { code, message }) => {
      const entry = whole.isTooLarge === true ? beginningOf(whole) : whole;
      return moveTo(entry, {
        topic: deadLetterTopic(name),
        headers: {
          subscription: name,
          position: entry.position,
          code: textFrom(code, 100),
          reason: textFrom(message, 500),
          attempts: String(entry.attempt),
          'failed-at': new Date().toISOString(),
          ...(entry.size === undefined ? {} : { 'truncated-from': String(entry.size) }),
        },
      });
    },
  };
};

/** A topic that somebody else made may take less than ours do. */
const beginningOf = (entry: Entry): Entry => ({
  ...entry,
  body: entry.body.slice(0, truncatedBodyBytes),
  size: entry.size ?? entry.body.byteLength,
});

/**
 * What waits behind an instance that is stuck is moved to the partitions of others, once: in a queue they would have taken it. Where
 * nobody else is, it waits.
 */
const passOn = async (
  { publisher, connection }: Tools,
  { name, service }: Subscription,
  consumer: GroupConsumer,
) => {
  const topic = directTopic(service);
  const foreign = Array.from({ length: partitionsOf(topic) }, (_, partition) => partition).filter(
    (partition) => !consumer.owned.has(`${topic}/${partition}`),
  );
  const entries = foreign.length === 0 ? [] : consumer.takeStuck(stuckMs);
  if (entries.length === 0) return;
  const results = await publisher.publish(
    entries.map(({ id, type, key, body, attempt, position }, index) => ({
      topic,
      partition: foreign[index % foreign.length] ?? 0,
      message: { id, type, key, body },
      headers: { to: name, position, attempt: String(attempt), passed: '1' },
    })),
  );
  const isAccepted = (_: Entry, index: number): boolean => results[index]?.status === 'accepted';
  const passed = entries.filter(isAccepted);
  connection.log.info(
    { group: name, messages: passed.length },
    'stuck: what waited was passed on to other instances',
  );
  consumer.putBack(entries.filter((entry, index) => !isAccepted(entry, index)));
  // What was given to somebody else meanwhile comes twice.
  await Promise.allSettled(passed.map(consumer.hands.finish));
};
