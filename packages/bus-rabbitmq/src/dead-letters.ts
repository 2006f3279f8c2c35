import { busErrors, type Consumer, type DeadLetter, messageOf } from '@emporium/bus';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { keepChannel } from './channel.ts';
import type { Config } from './config.ts';
import type { Connection } from './connection.ts';
import { declareAll } from './declare.ts';
import { deadLetterLayout, deliveryLimit } from './layout.ts';
import { countOr, readMessage, text } from './message-format.ts';
import { deadLetters } from './names.ts';
import { type Session, startSession } from './session.ts';

const prefetch = 20;
const firstDelayMs = 250;
const maxDelayMs = 5_000;
const defaultStopMs = 5_000;

/**
 * Takes the dead letters of all subscriptions. One that cannot be stored is tried again here, with growing pauses, and not
 * given back to the broker, which would count that against it.
 */
export const startDeadLetterConsumer = async (
  config: Config,
  connection: Connection,
  deliver: (letter: DeadLetter) => Promise<void>,
): Promise<Consumer> => {
  const { condition } = connection;
  const gate = createGate();
  let inProgress = 0;
  let stopping: Promise<void> | undefined;
  let lastProblem: unknown;

  const take = async ({ ack, isOpen }: Session, raw: ConsumeMessage): Promise<void> => {
    const letter = readLetter(raw);
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      await gate.opened();
      if (!isOpen() || stopping !== undefined) return; // the broker gives it to somebody else
      try {
        inProgress += 1;
        await deliver(letter);
        if (isOpen()) ack(raw);
        return;
      } catch (error) {
        config.log.warn({ deadLetter: letter.id }, `dead letter not taken, again soon: ${messageOf(error)}`);
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
      await declareAll(model, deadLetterLayout);
      await channel.prefetch(prefetch);
      await channel.consume(deadLetters, (raw) => {
        if (raw === null) void channel.close().catch(() => {});
        else void take(session, raw);
      });
    } catch (error) {
      lastProblem = error;
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
    await condition.until(() => (inProgress === 0 ? true : undefined), timeoutMs);
    await kept.close();
    gate.open();
  };
  const consumer: Consumer = {
    status: () => ({ state: 'working' }),
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

/**
 * Ours carry what `deadLetter` was given. The others were taken away by the broker, from a process that kept ending before it
 * settled them; it does not say how often, which was the delivery limit.
 */
const readLetter = (raw: ConsumeMessage): DeadLetter => {
  const headers = raw.properties.headers ?? {};
  const code = text(headers['code']);
  const common = { ...readMessage(raw), subscription: raw.fields.routingKey };
  if (code === undefined) {
    const crashed = busErrors.attempts_exhausted({ last: 'its consumers ended without settling it' });
    const reason = { code: crashed.code, message: crashed.message };
    return { ...common, reason, attempts: deliveryLimit, failedAt: new Date().toISOString() };
  }
  return {
    ...common,
    reason: { code, message: text(headers['reason']) ?? code },
    attempts: countOr(1, headers['attempts']),
    failedAt: text(headers['failed-at']) ?? new Date().toISOString(),
  };
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
