import type { Consumer, DeadLetter } from '@emporium/bus';
import type { Broker } from './connection.ts';
import type { Entry } from './lane.ts';
import { subscribe } from './subscriber.ts';

/** Dead letters taken at one time, by one consumer. */
const concurrency = 10;

/** What could not be taken is offered again after so long. */
const againMs = 1_000;

/** Dead letters wait in a queue of their own: they are taken, settled and given back like all other messages. */
export const consumeDeadLetters = (broker: Broker, take: (letter: DeadLetter) => Promise<void>): Consumer =>
  subscribe({
    broker,
    queue: broker.deadLetters,
    concurrency,
    deliver: async (delivery, entry) => {
      try {
        await take(letterOf(entry));
      } catch {
        // It is for the taker to tell why; here it means that the letter stays.
        return delivery.retry(againMs);
      }
      return delivery.ack();
    },
  });

const letterOf = ({ id, type, key, body, letter }: Entry): DeadLetter => {
  if (letter === undefined) throw new Error(`The dead letter ${id} has no reason`);
  return { id, type, key, body, ...letter };
};
