import { messageOf } from '@emporium/bus';
import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import { type Closing, openChannel } from './channel.ts';

/** The name of the exchange and of the queue that refused messages of a queue go to. */
export const deadLettersOf = (queue: string): string => `${queue}.dead-letters`;

export interface Declared {
  readonly channel: ConfirmChannel;
  /** Why the queue is not as a client's defaults would make it; it is consumed as it is. */
  readonly differs?: string;
}

/**
 * Declares the queue as clients do by default (not durable, not exclusive, not deleted automatically, no arguments), and the
 * exchange and the durable queue of its dead letters. A queue that somebody has declared otherwise is used as it is.
 */
export const declare = async (model: ChannelModel, queue: string, closing: Closing): Promise<Declared> => {
  const differs = await declareQueue(model, queue, { durable: false, exclusive: false, autoDelete: false });
  const deadLetters = deadLettersOf(queue);
  await declareQueue(model, deadLetters, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const channel = await openChannel(model, closing);
  await channel.assertExchange(deadLetters, 'fanout', { durable: true });
  await channel.bindQueue(deadLetters, deadLetters, '');
  return { channel, ...(differs === undefined ? {} : { differs }) };
};

const unreported: Closing = { ended: () => {} };

/** On a channel of its own: a refusal ends the channel. */
const declareQueue = async (
  model: ChannelModel,
  queue: string,
  options: Options.AssertQueue,
): Promise<string | undefined> => {
  const trial = await openChannel(model, unreported);
  try {
    await trial.assertQueue(queue, options);
    await trial.close();
    return undefined;
  } catch (error) {
    if (!isDifferent(error)) throw error;
    const other = await openChannel(model, unreported);
    await other.checkQueue(queue);
    await other.close();
    return messageOf(error);
  }
};

/** 406 PRECONDITION_FAILED: it is there with other properties. */
const isDifferent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 406;

const setting = 'deprecated_features.permit.transient_nonexcl_queues = true';

/** The reason for a log and for health, with the setting that permits what the broker has refused. */
export const explain = (error: unknown): string => {
  const reason = messageOf(error);
  return reason.includes('transient_nonexcl_queues')
    ? `${reason}; permit it with this line of rabbitmq.conf: ${setting}`
    : reason;
};
