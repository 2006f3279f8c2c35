import type { Consumer, DeadLetter } from '@emporium/bus';
import { deadLetterQueue, readDeadLetter, startDeadLetterConsumer } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { createConsumer } from './consumer/consumer.ts';
import { createQueue } from './consumer/queue.ts';
import type { Entry } from './entry.ts';
import { deadLetters } from './schema.ts';

/** Dead letters are messages of a subscription of their own: they are locked and settled like all others. */
export const consumeDeadLetters = (
  connection: Connection,
  deliver: (deadLetter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { session, retryWhileAway, publishing, log } = connection;
  const subscription = { id: deadLetters, name: deadLetterQueue };
  return retryWhileAway(() =>
    startDeadLetterConsumer<Entry>({
      log,
      deliver,
      read: (entry) => readDeadLetter(entry, entry.facts),
      start: (options) =>
        createConsumer({
          ...options,
          connection,
          subscription,
          createSource: () => createQueue(session, subscription),
          onGone: async () => void (await publishing.query(declare, [])),
        }),
    }),
  );
};

const declare = {
  name: 'bus-declare-dead-letters',
  text: `
    insert into bus.subscription (id, name, ordered) values (${deadLetters}, '${deadLetterQueue}', false) on conflict do nothing`,
};
