import type { Consumer, DeadLetter } from '@emporium/bus';
import { createProgress } from '@emporium/bus/transport';
import type { Broker } from './connection.ts';
import type { Entry } from './partition-queue.ts';
import { subscribe } from './subscriber.ts';

/** Dead letters that one consumer handles at one time. */
const concurrency = 10;

/** The delay before a dead letter that could not be handled is delivered again, in milliseconds; it doubles each time. */
const firstRetryMs = 1_000;
const maxRetryMs = 60_000;

/** Dead letters have a queue of their own, and are delivered like other messages. */
export const consumeDeadLetters = (
  broker: Broker,
  handle: (deadLetter: DeadLetter) => Promise<void>,
): Consumer => {
  const progress = createProgress(broker.deadLetters.name, silent);
  const consumer = subscribe({
    broker,
    queue: broker.deadLetters,
    concurrency,
    deliver: async (delivery, entry) => {
      progress.begin(delivery);
      try {
        await handle(deadLetterOf(entry));
      } catch (error) {
        progress.failed(delivery, error);
        return delivery.retry(Math.min(firstRetryMs * 2 ** (delivery.attempt - 1), maxRetryMs));
      }
      progress.end(delivery);
      return delivery.ack();
    },
  });
  return { ...consumer, status: progress.status };
};

/** The caller logs its own failures. */
const silent = { info: () => {}, warn: () => {}, error: () => {} };

const deadLetterOf = ({ id, type, key, body, deadLetter }: Entry): DeadLetter => {
  if (deadLetter === undefined) throw new Error(`The dead letter ${id} has no reason`);
  return { id, type, key, body, ...deadLetter };
};
