import type { Consumer, DeadLetter } from '@emporium/bus';
import { createProgress } from '@emporium/bus/transport';
import type { Broker } from './connection.ts';
import type { Entry } from './lane.ts';
import { subscribe } from './subscriber.ts';

/** Dead letters taken at one time, by one consumer. */
const concurrency = 10;

/** What could not be taken is offered again after so long, and after twice as long each further time. */
const againMs = 1_000;
const longestAgainMs = 60_000;

/** Dead letters wait in a queue of their own: they are taken, settled and given back like all other messages. */
export const consumeDeadLetters = (broker: Broker, take: (letter: DeadLetter) => Promise<void>): Consumer => {
  const progress = createProgress(broker.deadLetters.name, silent);
  const consumer = subscribe({
    broker,
    queue: broker.deadLetters,
    concurrency,
    deliver: async (delivery, entry) => {
      progress.begin(delivery);
      try {
        await take(letterOf(entry));
      } catch (error) {
        progress.failed(delivery, error);
        return delivery.retry(Math.min(againMs * 2 ** (delivery.attempt - 1), longestAgainMs));
      }
      progress.end(delivery);
      return delivery.ack();
    },
  });
  return { ...consumer, status: progress.status };
};

/** It is for the taker to tell why. */
const silent = { info: () => {}, warn: () => {}, error: () => {} };

const letterOf = ({ id, type, key, body, letter }: Entry): DeadLetter => {
  if (letter === undefined) throw new Error(`The dead letter ${id} has no reason`);
  return { id, type, key, body, ...letter };
};
