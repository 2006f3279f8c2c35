import { type Consumer, type DeadLetter, messageOf, type TransportMessage } from '@emporium/bus';
import type { Connection } from './connection.ts';
import { createConsumer } from './consumer.ts';
import type { Letter } from './entry.ts';
import { createQueue } from './queue.ts';
import { deadLetters } from './schema.ts';

/** Dead letters taken at one time, by one consumer. */
const concurrency = 10;

/** What could not be taken is offered again after so long. */
const againMs = 1_000;

/** Dead letters are messages of a subscription of their own: they are claimed, settled and given back like all others. */
export const consumeDeadLetters = (
  connection: Connection,
  take: (letter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { session, patiently, log } = connection;
  return patiently(() =>
    createConsumer({
      connection,
      subscription: { id: deadLetters, name: 'dead-letters' },
      concurrency,
      deliver: async (delivery, { letter }) => {
        try {
          await take(letterOf(delivery, letter));
        } catch (error) {
          log.warn({ messageId: delivery.id }, `the dead letter was not taken: ${messageOf(error)}`);
          return delivery.retry(againMs);
        }
        return delivery.ack();
      },
      createSource: () => createQueue(session, deadLetters),
    }),
  );
};

const letterOf = ({ id, type, key, body }: TransportMessage, letter: Letter | undefined): DeadLetter => {
  if (letter === undefined) throw new Error(`The dead letter ${id} has no reason`);
  const { subscription, code, message, attempts, failedAt } = letter;
  return { id, type, key, body, subscription, reason: { code, message }, attempts, failedAt };
};
