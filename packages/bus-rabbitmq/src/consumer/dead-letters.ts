import { busErrors, type Consumer, type DeadLetter, messageOf } from '@emporium/bus';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Config } from '../config.ts';
import { keepChannel } from '../connection/channel.ts';
import type { Connection } from '../connection/connection.ts';
import { type Session, startSession } from '../connection/session.ts';
import { deadLetters } from '../names.ts';
import type { Exchanges } from '../topology/exchanges.ts';
import { deadLetterLayout } from '../topology/layout.ts';
import { startUpkeep } from '../topology/upkeep.ts';
import { readDeadLetter } from './read-dead-letter.ts';
import { createTroubles } from './trouble.ts';

const prefetch = 20;
const firstDelayMs = 250;
const maxDelayMs = 5_000;
const defaultStopMs = 5_000;

interface Draining {
  readonly config: Config;
  readonly connection: Connection;
  readonly exchanges: Exchanges;
}

/**
 * Consumes the dead letters of all subscriptions. One that cannot be handled is tried again here, with growing pauses, and not
 * given back to the broker, which would count that against it.
 */
export const startDeadLetterConsumer = async (
  { config, connection, exchanges }: Draining,
  handle: (deadLetter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { condition } = connection;
  const gate = createGate();
  const troubles = createTroubles();
  const name = deadLetters;
  const upkeep = startUpkeep({ config, connection, exchanges, troubles, name, layout: deadLetterLayout });
  const opening = troubles.begin();
  let inProgress = 0;
  let stopping: Promise<void> | undefined;
  let lastProblem: unknown;

  const take = async ({ ack, isOpen }: Session, raw: ConsumeMessage): Promise<void> => {
    const deadLetter = readDeadLetter(raw);
    const trouble = troubles.begin(`message ${deadLetter.id} of queue ${deadLetters}`);
    let refusals = 0;
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      await gate.opened();
      if (!isOpen() || stopping !== undefined) return trouble.end(); // the broker delivers it again
      try {
        inProgress += 1;
        await handle(deadLetter);
        if (isOpen()) ack(raw);
        if (refusals > 0)
          config.log.info({ deadLetter: deadLetter.id, refusals }, 'the dead letter was taken');
        return trouble.end();
      } catch (error) {
        trouble.failed(error);
        if (refusals === 0) {
          config.log.warn(
            { deadLetter: deadLetter.id },
            `dead letter not taken, again soon: ${messageOf(error)}`,
          );
        }
        refusals += 1;
      } finally {
        inProgress -= 1;
        condition.changed();
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
    }
  };

  const setUp = async (channel: Channel, model: ChannelModel): Promise<void> => {
    const session = startSession(channel);
    try {
      await upkeep.declare(model);
      await channel.prefetch(prefetch);
      await channel.consume(deadLetters, (raw) => {
        if (raw === null) void channel.close().catch(() => {});
        else void take(session, raw);
      });
      opening.end();
    } catch (error) {
      lastProblem = error;
      if (connection.current() === model) opening.failed(error);
      throw error;
    }
  };

  const kept = keepChannel<Channel>({
    purpose: deadLetters,
    connection,
    log: config.log,
    open: (model) => model.createChannel(),
    setUp,
  });

  const stop = async (timeoutMs: number): Promise<void> => {
    upkeep.stop();
    await condition.until(() => (inProgress === 0 ? true : undefined), timeoutMs);
    await kept.close();
    gate.open();
  };
  const consumer: Consumer = {
    status: troubles.status,
    pause: async () => gate.close(),
    resume: async () => gate.open(),
    stop: ({ timeoutMs = defaultStopMs } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };

  if ((await condition.until(kept.current, config.timeoutMs)) === undefined) {
    await consumer.stop({ timeoutMs: 0 });
    throw busErrors.broker_away({ broker: 'rabbitmq', cause: lastProblem ?? connection.reason() });
  }
  return consumer;
};

const createGate = () => {
  let waiting: (() => void)[] = [];
  let closed = false;
  return {
    close: (): void => {
      closed = true;
    },
    open: (): void => {
      closed = false;
      for (const go of waiting) go();
      waiting = [];
    },
    opened: (): Promise<void> =>
      closed ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(),
  };
};
