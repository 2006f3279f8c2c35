import { busErrors, type Consumer, type DeadLetter, messageOf } from '@emporium/bus';
import { createConsumer } from './consumer.ts';
import type { Entry, Letter } from './entry.ts';
import { whenJoined } from './joining.ts';
import { countOr, type RawRecord, textOf } from './message-format.ts';
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
      records.map((raw) => ({
        ...entryOf(raw, topic, partition, owned),
        attempt: 1,
        letter: letterOf(raw, topic),
      })),
    beginning: () => 0,
    deliver: async (delivery, { letter }) => {
      const { id, type, key, body } = delivery;
      try {
        if (letter === undefined) throw new Error('unreachable: every dead letter was read with its reason');
        const { code, message, ...rest } = letter;
        await take({ id, type, key, body, reason: { code, message }, ...rest });
      } catch (error) {
        log.warn({ messageId: id }, `the dead letter was not taken: ${messageOf(error)}`);
        return delivery.retry(againMs);
      }
      return delivery.ack();
    },
    settling: (hands) => {
      const again = async (entry: Entry): Promise<void> => hands.again(entry, againMs);
      return { ack: hands.finish, retry: again, deadLetter: again };
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

/** What another program wrote there is told as well. */
const letterOf = (raw: RawRecord, topic: string): Letter => ({
  subscription: textOf(raw, 'subscription') ?? topic.slice(0, -deadLetterTopic('').length),
  code: textOf(raw, 'code') ?? busErrors.refused().code,
  message: textOf(raw, 'reason') ?? 'no reason was written',
  attempts: countOr(1, textOf(raw, 'attempts')),
  failedAt: textOf(raw, 'failed-at') ?? new Date().toISOString(),
});
