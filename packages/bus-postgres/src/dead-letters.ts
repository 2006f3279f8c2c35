import { type Consumer, type DeadLetter, deadLetterBody } from '@emporium/bus';
import { createProgress, deadLetterFacts, textFrom } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { createConsumer } from './consumer.ts';
import type { Entry } from './entry.ts';
import { createQueue } from './queue.ts';
import { deadLetters } from './schema.ts';

/** Dead letters taken at one time, by one consumer. */
const concurrency = 10;

/** What could not be taken is offered again after so long, and after twice as long each further time. */
const againMs = 1_000;
const longestAgainMs = 60_000;

/** Dead letters are messages of a subscription of their own: they are claimed, settled and given back like all others. */
export const consumeDeadLetters = (
  connection: Connection,
  take: (letter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { session, patiently, publishing, log } = connection;
  const subscription = { id: deadLetters, name: 'dead-letters' };
  const progress = createProgress(subscription.name, log);
  return patiently(async () => {
    const consumer = await createConsumer({
      connection,
      subscription,
      concurrency,
      deliver: async (delivery, entry) => {
        progress.begin(delivery);
        try {
          await take(deadLetterOf(entry));
        } catch (error) {
          progress.failed(delivery, error);
          return delivery.retry(Math.min(againMs * 2 ** (delivery.attempt - 1), longestAgainMs));
        }
        progress.end(delivery);
        return delivery.ack();
      },
      createSource: () => createQueue(session, subscription),
      onGone: async () => void (await publishing.query(declare, [])),
    });
    const status = () => {
      const found = consumer.status();
      return found.state === 'stuck' ? found : progress.status();
    };
    return { ...consumer, status };
  });
};

/** Whatever the row holds: third parties may have written it, and each is taken once. */
const deadLetterOf = ({ id, type, key, body, letter, position }: Entry): DeadLetter => ({
  id: textFrom(id, 500),
  type: textFrom(type, 500),
  key: textFrom(key, 500),
  ...deadLetterFacts(letter, { position }),
  ...deadLetterBody(body),
});

const declare = {
  name: 'bus-declare-dead-letters',
  text: `
    insert into bus.subscription (id, name, ordered) values (${deadLetters}, 'dead-letters', false) on conflict do nothing`,
};
