import { busErrors, type Consumer, type DeadLetter, messageOf } from '@emporium/bus';
import { textFrom, timeFrom } from '@emporium/bus/transport';
import { createConsumer } from './consumer/consumer.ts';
import type { DeadLetterFacts, Entry } from './consumer/entry.ts';
import { waitForAssignment } from './consumer/wait-for-assignment.ts';
import { attemptOf, countOf, headerOf, type RawRecord, textOf } from './message-format.ts';
import { deadLetterGroup, deadLetterTopic, isDeadLetterTopic } from './names.ts';
import { entryOf } from './subscriber.ts';
import type { Tools } from './tools.ts';

/** Dead letters handled at one time, by one consumer. */
const concurrency = 20;

/** A dead letter that could not be handled is delivered again after so long. */
const retryMs = 1_000;

/** A consumer needs a topic, also while no subscription is declared. */
const placeholderTopic = deadLetterTopic('emporium');

/** Reads the dead-letter topics of all subscriptions; instances share them. */
export const consumeDeadLetters = async (
  tools: Tools,
  handle: (deadLetter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { connection, topics } = tools;
  const { log } = connection;
  const find = async (): Promise<string[]> => {
    await topics.ensure([placeholderTopic]);
    return (await connection.admin((admin) => admin.listTopics())).filter(isDeadLetterTopic).toSorted();
  };
  let reading = await connection.patiently(find);

  const consumer = createConsumer({
    connection,
    groupId: deadLetterGroup,
    topics: async () => {
      reading = await find();
      return reading;
    },
    concurrency,
    ordered: false,
    select: async ({ topic, partition, records }, owned) =>
      records.map((raw) => {
        const entry = entryOf(raw, { topic, partition, owned, origin: 'shop' });
        return { ...entry, deadLetter: factsOf(raw, entry) };
      }),
    logsWereReplaced: async () => false,
    declaration: () => undefined,
    beginning: () => 0,
    deliver: async (delivery, { deadLetter, position }) => {
      const { id, type, key, body } = delivery;
      try {
        if (deadLetter === undefined) throw new Error('unreachable: every entry was read with its facts');
        await handle({ id, type, key, body, ...deadLetter });
      } catch (error) {
        if (delivery.attempt === 1)
          log.warn(
            { messageId: id, position },
            `the dead letter was not taken, and is offered again: ${messageOf(error)}`,
          );
        return delivery.retry(retryMs);
      }
      return delivery.ack();
    },
    settling: (actions) => {
      const retry = async (entry: Entry): Promise<void> =>
        actions.redeliver({ ...entry, attempt: entry.attempt + 1 }, retryMs);
      // One that cannot be read is handled as well, and then acked.
      return { ack: actions.finish, retry, deadLetter: actions.finish };
    },
  });

  const unwatch = tools.watch(async () => {
    const found = await find().catch(() => reading); // tried again two seconds later
    if (found.join() !== reading.join()) consumer.restart();
  });
  const stopping: Consumer = {
    ...consumer,
    stop: (options) => {
      unwatch();
      return consumer.stop(options);
    },
  };
  await waitForAssignment(connection, consumer, stopping);
  return stopping;
};

/** Reads any record, also one that a third party wrote or that cannot be decoded. */
const factsOf = (raw: RawRecord, { owned, position, unreadable, size }: Entry): DeadLetterFacts => {
  const truncatedFrom = size ?? countOf(raw, 'truncated-from');
  return {
    subscription: textOf(raw, 'subscription') || owned.offsets.topic.slice(0, -deadLetterTopic('').length),
    reason: unreadable ?? {
      code: textFrom(headerOf(raw, 'code'), 100) || busErrors.refused().code,
      message: textFrom(headerOf(raw, 'reason'), 500) || 'no reason was written',
    },
    attempts: attemptOf(raw, 'attempts'),
    failedAt: timeFrom(headerOf(raw, 'failed-at')),
    position: textOf(raw, 'position') || position,
    ...(truncatedFrom === 0 ? {} : { truncatedFrom }),
  };
};
