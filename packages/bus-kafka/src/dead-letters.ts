import { busErrors, type Consumer, type DeadLetter, messageOf } from '@emporium/bus';
import { textFrom, timeFrom } from '@emporium/bus/transport';
import { createConsumer } from './consumer.ts';
import type { Entry, Letter } from './entry.ts';
import { whenJoined } from './joining.ts';
import { attemptOf, countOf, headerOf, type RawRecord, textOf } from './message-format.ts';
import { deadLetterGroup, deadLetterTopic, isDeadLetterTopic } from './names.ts';
import { entryOf } from './subscriber.ts';
import type { Tools } from './tools.ts';

/** Dead letters taken at one time, by one consumer. */
const concurrency = 20;

/** What could not be taken is offered again after so long. */
const againMs = 1_000;

/** There is always one, also while no subscription is declared. */
const noSubscription = deadLetterTopic('emporium');

/** Reads the dead-letter topics of all subscriptions; instances share them. */
export const consumeDeadLetters = async (
  tools: Tools,
  take: (letter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { connection, topics } = tools;
  const { log } = connection;
  const find = async (): Promise<string[]> => {
    await topics.ensure([noSubscription]);
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
        return { ...entry, letter: letterOf(raw, entry) };
      }),
    isRenewed: async () => false,
    declaration: () => undefined,
    beginning: () => 0,
    deliver: async (delivery, { letter, position }) => {
      const { id, type, key, body } = delivery;
      try {
        if (letter === undefined) throw new Error('unreachable: every dead letter was read with its reason');
        await take({ id, type, key, body, ...letter });
      } catch (error) {
        if (delivery.attempt === 1)
          log.warn(
            { messageId: id, position },
            `the dead letter was not taken, and is offered again: ${messageOf(error)}`,
          );
        return delivery.retry(againMs);
      }
      return delivery.ack();
    },
    settling: (hands) => {
      const again = async (entry: Entry): Promise<void> =>
        hands.again({ ...entry, attempt: entry.attempt + 1 }, againMs);
      // What cannot be read is told as well, and then it is taken.
      return { ack: hands.finish, retry: again, deadLetter: hands.finish };
    },
  });

  const unwatch = tools.watch(async () => {
    const found = await find().catch(() => reading); // looked for again two seconds later
    if (found.join() !== reading.join()) consumer.restart();
  });
  const stopping: Consumer = {
    ...consumer,
    stop: (options) => {
      unwatch();
      return consumer.stop(options);
    },
  };
  await whenJoined(connection, consumer, stopping);
  return stopping;
};

/** What another program wrote there is told as well, and so is what cannot be read. */
const letterOf = (raw: RawRecord, { owned, position, unreadable, size }: Entry): Letter => {
  const truncatedFrom = size ?? countOf(raw, 'truncated-from');
  return {
    subscription: textOf(raw, 'subscription') || owned.lane.topic.slice(0, -deadLetterTopic('').length),
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
