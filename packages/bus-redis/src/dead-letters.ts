import type { Consumer, DeadLetter } from '@emporium/bus';
import { deadLetterQueue, readDeadLetter, startDeadLetterConsumer } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import type { Entry } from './entry.ts';
import { group, queueOf } from './names.ts';
import { script } from './script.ts';
import { consumeQueue } from './subscriber.ts';

/** Dead letters are messages of a queue of their own: they are read and settled like all others. */
export const consumeDeadLetters = (
  connection: Connection,
  deliver: (deadLetter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { commands, retryWhileAway, log } = connection;
  const declare = () => commands.run(create, [queueOf(deadLetterQueue)], []);
  return retryWhileAway(async () => {
    await declare();
    return startDeadLetterConsumer<Entry>({
      log,
      deliver,
      read: (entry) => readDeadLetter(entry, parsed(entry.facts)),
      start: (options) => consumeQueue({ ...options, connection, name: deadLetterQueue, declare }),
    });
  });
};

/** More than the facts of a dead letter of ours. */
const maxFactsBytes = 64 * 1024;

const parsed = (facts: Buffer | undefined): unknown => {
  if (facts === undefined || facts.byteLength > maxFactsBytes) return undefined;
  try {
    return JSON.parse(facts.toString());
  } catch {
    return undefined;
  }
};

const create = script(
  'run',
  `local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], '${group}', '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP') then return made end`,
);
