import { type Consumer, type DeadLetter, messageOf, type TransportMessage } from '@emporium/bus';
import type { Connection } from './connection.ts';
import type { Letter } from './entry.ts';
import { deadLetters, group, queueOf } from './names.ts';
import { script } from './script.ts';
import { consumeQueue } from './subscriber.ts';

/** Dead letters taken at one time, by one consumer. */
const concurrency = 10;

/** What could not be taken is offered again after so long. */
const againMs = 1_000;

/** Dead letters are messages of a queue of their own: they are claimed, settled and given back like all others. */
export const consumeDeadLetters = (
  connection: Connection,
  take: (letter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { commands, patiently, log } = connection;
  const declare = () => commands.run(create, [queueOf(deadLetters)], []);
  return patiently(async () => {
    await declare();
    return consumeQueue({
      connection,
      name: deadLetters,
      concurrency,
      declare,
      deliver: async (delivery, { letter }) => {
        try {
          await take(letterOf(delivery, letter));
        } catch (error) {
          log.warn({ messageId: delivery.id }, `the dead letter was not taken: ${messageOf(error)}`);
          return delivery.retry(againMs);
        }
        return delivery.ack();
      },
    });
  });
};

const letterOf = ({ id, type, key, body }: TransportMessage, letter: Letter | undefined): DeadLetter => {
  if (letter === undefined) throw new Error(`The dead letter ${id} has no reason`);
  const { subscription, code, message, attempts, failedAt } = letter;
  return { id, type, key, body, subscription, reason: { code, message }, attempts, failedAt };
};

const create = script(
  'run',
  `local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], '${group}', '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP') then return made end`,
);
