import type { Log } from '../../log.ts';
import type { Consumer, DeadLetter, Delivery, TransportMessage } from '../../transport.ts';
import { createProgress } from '../consumer/progress.ts';
import { firstStuck } from '../consumer/trouble.ts';
import { textFrom } from '../header-values.ts';
import { deadLetterBody } from './dead-letter-body.ts';
import { readFacts } from './dead-letter-facts.ts';

/** The name of the dead-letter queue, as a subscription. */
export const deadLetterQueue = 'dead-letters';

const concurrency = 10;

/** A dead letter that was rejected is delivered again after `firstDelayMs`, and after twice as long each further time. */
const firstDelayMs = 1_000;
const maxDelayMs = 60_000;

interface DeadLetterConsumerOptions<Received> {
  readonly log: Log;
  /** As in `Transport.consumeDeadLetters`. */
  readonly deliver: (deadLetter: DeadLetter) => Promise<void>;
  readonly read: (received: Received) => DeadLetter;
  /** Starts the consumer of the dead-letter queue, which is a queue like those of subscriptions. */
  readonly start: (options: {
    readonly concurrency: number;
    readonly deliver: (delivery: Delivery, received: Received) => Promise<void>;
  }) => Promise<Consumer>;
}

export const startDeadLetterConsumer = async <Received>({
  log,
  deliver,
  read,
  start,
}: DeadLetterConsumerOptions<Received>): Promise<Consumer> => {
  const progress = createProgress(deadLetterQueue, log);
  const consumer = await start({
    concurrency,
    deliver: async (delivery, received) => {
      progress.begin(delivery);
      try {
        await deliver(read(received));
      } catch (error) {
        progress.failed(delivery, error);
        return delivery.retry(Math.min(firstDelayMs * 2 ** (delivery.attempt - 1), maxDelayMs));
      }
      progress.end(delivery);
      return delivery.ack();
    },
  });
  return { ...consumer, status: () => firstStuck(consumer, progress) };
};

/** A dead letter whose facts are one stored value. Third parties may have written any of it. */
export const readDeadLetter = (
  { id, type, key, body, position }: TransportMessage & { readonly position: string },
  storedFacts: unknown,
): DeadLetter => ({
  id: textFrom(id, 500),
  type: textFrom(type, 500),
  key: textFrom(key, 500),
  ...readFacts(storedFacts, { position }),
  ...deadLetterBody(body),
});
