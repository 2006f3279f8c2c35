import type { Consumer, DeadLetter } from '@emporium/bus';
import { createProgress } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { deadLetterOf } from './letter.ts';
import { deadLetters, group, queueOf } from './names.ts';
import { script } from './script.ts';
import { consumeQueue } from './subscriber.ts';

/** Dead letters taken at one time, by one consumer. */
const concurrency = 10;

/** What could not be taken is offered again after so long, and after twice as long each further time. */
const againMs = 1_000;
const longestAgainMs = 60_000;

/** Dead letters are messages of a queue of their own: they are claimed, settled and given back like all others. */
export const consumeDeadLetters = (
  connection: Connection,
  take: (letter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { commands, patiently, log } = connection;
  const progress = createProgress(deadLetters, log);
  const declare = () => commands.run(create, [queueOf(deadLetters)], []);
  return patiently(async () => {
    await declare();
    const consumer = await consumeQueue({
      connection,
      name: deadLetters,
      concurrency,
      declare,
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
    });
    const status = () => {
      const found = consumer.status();
      return found.state === 'stuck' ? found : progress.status();
    };
    return { ...consumer, status };
  });
};

const create = script(
  'run',
  `local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], '${group}', '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP') then return made end`,
);
