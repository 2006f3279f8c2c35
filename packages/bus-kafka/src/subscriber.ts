import { type Consumer, type Deliver, delayTiers, type Limits, type Settling } from '@emporium/bus';
import type { Subscription } from '@emporium/contracts';
import { createConsumer, type GroupConsumer, type Hands } from './consumer.ts';
import type { Entry } from './entry.ts';
import type { Batch } from './group.ts';
import { whenJoined } from './joining.ts';
import { countOr, positionOf, type RawRecord, readRecord, textOf } from './message-format.ts';
import { deadLetterTopic, directTopic, tierTopic, topicsRead } from './names.ts';
import type { Owned } from './owned.ts';
import type { Routed } from './publisher.ts';
import type { Tools } from './tools.ts';
import { partitionsOf } from './topics.ts';
import { declare } from './topology.ts';

/** What a retry or a dead letter could not be written for is delivered again after so long. */
const againMs = 250;

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

  const consumer = createConsumer({
    connection,
    groupId: name,
    topics: async () => {
      reading = topics();
      tools.topics.forget(reading); // one that is gone may be why this is asked again
      await tools.topics.ensure(reading);
      return reading;
    },
    concurrency,
    ordered,
    select: selector(tools, subscription),
    beginning: ({ topic, partition }) => record.bindings.beginning(name, topic, partition),
    deliver: (delivery) => deliver(delivery),
    settling: (hands) => settlingOf(tools, subscription, ordered, hands),
  });

  const unwatch = tools.watch(() => {
    const wanted = topics();
    if (wanted.some((topic) => !reading.includes(topic))) consumer.restart();
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

/** Of the owners' topics what the subscription listens to, of the service's own what is addressed to it. */
const selector = ({ record }: Tools, { name, service }: Subscription) => {
  const own = directTopic(service);
  return async ({ topic, partition, records }: Batch, owned: Owned): Promise<Entry[]> => {
    const isOwn = topic === own || topic.startsWith(`${own}.`);
    const isOurs = (raw: RawRecord): boolean =>
      isOwn ? textOf(raw, 'to') === name : record.bindings.listens(name, textOf(raw, 'type') ?? topic);
    // It may listen to more since the record was read: nothing is passed over before it is read again.
    if (!isOwn && !records.every(isOurs)) await record.refresh();
    return records.filter(isOurs).map((raw) => entryOf(raw, topic, partition, owned));
  };
};

export const entryOf = (raw: RawRecord, topic: string, partition: number, owned: Owned): Entry => ({
  ...readRecord(raw, topic, partition),
  owned,
  offset: Number(raw.offset),
  position: textOf(raw, 'position') ?? positionOf(topic, partition, raw.offset),
  attempt: countOr(1, textOf(raw, 'attempt')),
  dueAt: countOr(0, textOf(raw, 'due')),
  passed: countOr(0, textOf(raw, 'passed')),
  arrivedAt: Date.now(),
  letter: undefined,
});

const settlingOf = (
  { publisher }: Tools,
  { name, service, retry }: Subscription,
  ordered: boolean,
  hands: Hands,
): Settling<Entry> => {
  const last = delayTiers.find((tier) => tier >= retry.maxDelayMs) ?? delayTiers[delayTiers.length - 1] ?? 0;

  /** Written and confirmed before the message is finished here: a crash in between delivers it twice, and loses none. */
  const moveTo = async (entry: Entry, routed: Omit<Routed, 'message'>): Promise<void> => {
    const { id, type, key, body } = entry;
    const [result] = await publisher.publish([{ message: { id, type, key, body }, ...routed }]);
    if (result?.status === 'refused') {
      hands.again(entry, againMs);
      throw result.error;
    }
    await hands.finish(entry);
  };

  return {
    ack: hands.finish,
    retry: (entry, delayMs) => {
      if (ordered) return hands.hold(entry, delayMs);
      const tier = delayTiers.find((one) => one >= delayMs) ?? last;
      const headers = {
        to: name,
        position: entry.position,
        attempt: String(entry.attempt + 1),
        due: String(Date.now() + delayMs),
      };
      return moveTo(entry, { topic: tierTopic(service, Math.min(tier, last)), headers });
    },
    deadLetter: (entry, { code, message }) =>
      moveTo(entry, {
        topic: deadLetterTopic(name),
        headers: {
          subscription: name,
          position: entry.position,
          code,
          reason: message.slice(0, 500),
          attempts: String(entry.attempt),
          'failed-at': new Date().toISOString(),
        },
      }),
  };
};

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
