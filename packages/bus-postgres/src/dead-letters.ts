import type { Consumer, DeadLetter, TransportMessage } from '@emporium/bus';
import type { Connection } from './connection.ts';
import { createConsumer } from './consumer.ts';
import type { Letter } from './entry.ts';
import { createQueue } from './queue.ts';
import { deadLetters } from './schema.ts';
import { createSettling } from './settlement.ts';

/** Dead letters taken at one time, by one consumer. */
const concurrency = 10;

/** What could not be taken is offered again after so long. */
const againMs = 1_000;

/** Dead letters are messages of a subscription of their own: they are claimed, settled and given back like all others. */
export const consumeDeadLetters = (
  connection: Connection,
  take: (letter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { session, patiently } = connection;
  return patiently(() =>
    createConsumer({
      session,
      subscriptionId: deadLetters,
      settling: createSettling(connection, { id: deadLetters, name: 'dead-letters' }),
      concurrency,
      deliver: async (delivery, { letter }) => {
        try {
          await take(letterOf(delivery, letter));
        } catch {
          // It is for the taker to tell why; here it means that the letter stays.
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
