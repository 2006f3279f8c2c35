import { type Consumer, truncatedBodyBytes } from '@emporium/bus';
import { type Deliver, delayTiers, type Limits, type Settling, textFrom } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import { createConsumer } from './consumer/consumer.ts';
import type { Entry } from './consumer/entry.ts';
import type { GroupConsumer, SettlementActions } from './consumer/group-consumer.ts';
import type { OwnedPartition } from './consumer/owned-partition.ts';
import { waitForAssignment } from './consumer/wait-for-assignment.ts';
import type { Batch } from './group/session.ts';
import { attemptOf, countOf, type RawRecord, readRecord, textOf, typeOf } from './message-format.ts';
import { deadLetterTopic, directTopic, isRetryTopic, recordTopic, tierTopic, topicsRead } from './names.ts';
import type { Routed } from './publisher.ts';
import type { Tools } from './tools.ts';
import { topicsFor } from './topology/layout.ts';
import { partitionsOf } from './topology/topics.ts';
import { declare, isDeclared } from './topology/topology.ts';

/** A message whose retry or dead letter could not be written is delivered again after so long, with back-off. */
const redeliveryMs = 250;
const maxRedeliveryMs = 10_000;

/** An instance that runs all its deliveries and settles none for so long passes on the messages that wait. */
const stuckMs = 1_000;

/** Declares the subscription where it is missing, and consumes it as a member of its group. */
export const subscribe = async (
  tools: Tools,
  subscription: Subscription,
  deliver: Deliver,
  { concurrency }: Limits,
): Promise<Consumer> => {
  const { connection, record } = tools;
  await declare(tools, subscription);
  const { name } = subscription;
  // A change of `ordered` is a conflict, which `topology diff` reports; what was declared first counts.
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
    logsWereReplaced: async () => {
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
        tools.topics.forget(reading); // the restart may be because one of them is gone
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
    settling: (actions) => settlingOf(tools, subscription, ordered, actions),
  });

  const unwatch = tools.watch(() => {
    // A restart ensures the topics and the declaration.
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
  await waitForAssignment(connection, consumer, stopping);
  return stopping;
};

/**
 * Selects what the subscription listens to from the owners' topics, and what names it from the retry topics. A record that cannot be
 * decoded may be for any subscription, so all that read the topic get it.
 */
const selector = ({ record }: Tools, { name, service }: Subscription) => {
  return async ({ topic, partition, records }: Batch, owned: OwnedPartition): Promise<Entry[]> => {
    const from = (raw: RawRecord, origin: Origin): Entry => entryOf(raw, { topic, partition, owned, origin });
    if (isRetryTopic(service, topic)) {
      return records
        .filter((raw) => raw.unreadable !== undefined || textOf(raw, 'to') === name)
        .map((raw) => from(raw, 'retry'));
    }
    // The topic of an open stream has the name of its type.
    if (record.bindings.listens(name, topic)) return records.map((raw) => from(raw, 'open'));
    const isWanted = (raw: RawRecord): boolean => {
      const type = typeOf(raw);
      return raw.unreadable !== undefined || type === undefined || record.bindings.listens(name, type);
    };
    // A binding may have been added since the record was read, so it is read again before a record is skipped.
    if (!records.every(isWanted)) await record.refresh();
    return records.filter(isWanted).map((raw) => from(raw, 'shop'));
  };
};

/** The kind of topic: an open stream, the events or commands of an owner, or a retry topic, which only transports write. */
type Origin = 'open' | 'shop' | 'retry';

interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly owned: OwnedPartition;
  readonly origin: Origin;
}

export const entryOf = (raw: RawRecord, { topic, partition, owned, origin }: Source): Entry => {
  const { position, ...read } = readRecord(raw, topic, partition, origin === 'open');
  const isRetry = origin === 'retry';
  const now = Date.now();
  return {
    ...read,
    owned,
    offset: Number(raw.offset),
    position: (isRetry && textOf(raw, 'position')) || position,
    attempt: isRetry ? attemptOf(raw) : 1,
    dueAt: isRetry ? Math.min(countOf(raw, 'due'), now + longestTierMs) : 0,
    isPassedOn: isRetry && textOf(raw, 'passed') !== '',
    arrivedAt: now,
  };
};

const longestTierMs = Math.max(...delayTiers);

const settlingOf = (
  { publisher }: Tools,
  { name, service, retry }: Subscription,
  ordered: boolean,
  actions: SettlementActions,
): Settling<Entry> => {
  const last = delayTiers.find((tier) => tier >= retry.maxDelayMs) ?? delayTiers[delayTiers.length - 1] ?? 0;

  /** The copy is acknowledged before the message is finished: a crash in between delivers it twice, and loses nothing. */
  const moveTo = async (entry: Entry, routed: Omit<Routed, 'message'>): Promise<void> => {
    const { id, type, key, body, refusals = 0 } = entry;
    const [result] = await publisher.publish([{ message: { id, type, key, body }, ...routed }]);
    if (result?.status === 'refused') {
      const isTooLarge = result.error.details['why'] === 'MESSAGE_TOO_LARGE';
      const next = { ...entry, refusals: refusals + 1, isTooLarge };
      actions.redeliver(next, Math.min(redeliveryMs * 2 ** refusals, maxRedeliveryMs));
      throw result.error;
    }
    await actions.finish(entry);
  };

  return {
    ack: actions.finish,
    retry: async (entry, delayMs) => {
      if (ordered) return actions.retryInPlace(entry, delayMs);
      // A copy would have the truncated body.
      if (entry.unreadable !== undefined) {
        return actions.redeliver({ ...entry, attempt: entry.attempt + 1 }, Math.max(delayMs, redeliveryMs));
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
      const entry = whole.isTooLarge === true ? truncated(whole) : whole;
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

/** For a topic whose maximum message size is smaller than that of ours. */
const truncated = (entry: Entry): Entry => ({
  ...entry,
  body: entry.body.slice(0, truncatedBodyBytes),
  size: entry.size ?? entry.body.byteLength,
});

/**
 * Moves messages that wait behind an instance that is stuck to partitions of other instances, once. Without other instances they
 * stay.
 */
const passOn = async (
  { publisher, connection }: Tools,
  { name, service }: Subscription,
  consumer: GroupConsumer,
) => {
  const topic = directTopic(service);
  const others = Array.from({ length: partitionsOf(topic) }, (_, partition) => partition).filter(
    (partition) => !consumer.owned.has(`${topic}/${partition}`),
  );
  const entries = others.length === 0 ? [] : consumer.takeStuck(stuckMs);
  if (entries.length === 0) return;
  const results = await publisher.publish(
    entries.map(({ id, type, key, body, attempt, position }, index) => ({
      topic,
      partition: others[index % others.length] ?? 0,
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
  // A message whose partition was lost meanwhile comes twice.
  await Promise.allSettled(passed.map(consumer.actions.finish));
};
