import type { Contract, Registry, Subscription } from '@emporium/contracts';
import { withContext } from './context.ts';
import { busErrors, Fault, messageOf, settlementOf } from './errors.ts';
import { type Message, readMessage } from './message.ts';
import { backoff } from './retry.ts';
import type { Consumer, Delivery, Limits, Transport } from './transport.ts';

/** Runs the handler of a message with its effects, atomically. Resolves when all is committed; rejects when nothing is. */
export type Run = (message: Message, signal: AbortSignal) => Promise<void>;

/** Where the pipeline says what it does. A pino logger fits. */
export interface Log {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

export interface Pipeline {
  readonly transport: Transport;
  readonly registry: Registry;
  readonly subscription: Subscription;
  /** The versions that the handlers take; older ones are upcast to them. */
  readonly handles: readonly Contract[];
  readonly run: Run;
  /** Resolves when what the service stands on (its database) answers; asked while deliveries are held. */
  readonly probe: () => Promise<void>;
  readonly limits: Limits;
  readonly log: Log;
  readonly random?: () => number;
}

/** Longest wait between two probes, in milliseconds. */
const maxProbeDelayMs = 2_000;

/**
 * Subscribes, and takes each delivery through the same steps on every broker: decode, check hops, validate, upcast, run the
 * handler, settle by the subscription's retry policy. Nothing is acked after an exception. A fault of our own database or
 * broker is no attempt: the delivery is held, the consumer pauses, probes, and resumes.
 */
export const consume = async (pipeline: Pipeline): Promise<Consumer> => {
  const { transport, registry, subscription, run, limits, log, random } = pipeline;
  const wanted: ReadonlySet<Contract> = new Set(pipeline.handles);
  const hold = createHold(pipeline);

  const deliver = async (delivery: Delivery): Promise<void> => {
    const facts = {
      subscription: subscription.name,
      messageId: delivery.id,
      type: delivery.type,
      attempt: delivery.attempt,
    };
    let message: Message;
    try {
      message = readMessage(registry, wanted, delivery.body);
    } catch (error) {
      log.warn({ ...facts, code: codeOf(error) }, `dead letter: ${messageOf(error)}`);
      return delivery.deadLetter({ code: codeOf(error), message: messageOf(error) });
    }
    await withContext(message.context, () => settle(delivery, message, facts));
  };

  const settle = async (delivery: Delivery, message: Message, facts: object): Promise<void> => {
    for (;;) {
      try {
        await run(message, delivery.signal);
        return await delivery.ack();
      } catch (error) {
        if (delivery.signal.aborted) return;
        if (settlementOf(error) === 'pause') {
          await hold.until(error, delivery.signal);
          if (delivery.signal.aborted) return;
          continue;
        }
        return await fail(delivery, error, facts);
      }
    }
  };

  const fail = async (delivery: Delivery, error: unknown, facts: object): Promise<void> => {
    const { attempt } = delivery;
    if (settlementOf(error) === 'dead-letter') {
      log.error({ ...facts, code: codeOf(error) }, `dead letter: ${messageOf(error)}`);
      return delivery.deadLetter({ code: codeOf(error), message: messageOf(error) });
    }
    if (attempt >= subscription.retry.attempts) {
      const exhausted = busErrors.attempts_exhausted({ attempts: attempt, last: messageOf(error) });
      log.error({ ...facts, code: exhausted.code }, `dead letter: ${exhausted.message}`);
      return delivery.deadLetter({ code: exhausted.code, message: messageOf(exhausted) });
    }
    const delayMs = backoff(subscription.retry, attempt, random);
    log.warn({ ...facts, delayMs, code: codeOf(error) }, `retry: ${messageOf(error)}`);
    return delivery.retry(delayMs);
  };

  const guarded = async (delivery: Delivery): Promise<void> => {
    try {
      await deliver(delivery);
    } catch (error) {
      const facts = { subscription: subscription.name, messageId: delivery.id };
      log.warn(facts, `not settled, it will be delivered again: ${messageOf(error)}`);
      throw error;
    }
  };

  const consumer = await transport.subscribe(subscription, guarded, limits);
  hold.control(consumer);
  return {
    pause: consumer.pause,
    resume: consumer.resume,
    stop: async (options) => {
      hold.end();
      await consumer.stop(options);
    },
  };
};

/** While something of ours is away: the consumer is paused once, however many deliveries wait. */
const createHold = ({ subscription, probe, log }: Pipeline) => {
  let consumer: Consumer | undefined;
  let waiting: Promise<void> | undefined;
  const ended = new AbortController();

  const wait = async (error: unknown): Promise<void> => {
    const cause = messageOf(error);
    log.warn({ subscription: subscription.name, code: codeOf(error) }, `paused, nothing is lost: ${cause}`);
    await consumer?.pause();
    const least = error instanceof Fault ? (error.details.retryAfterMs ?? 0) : 0;
    for (
      let delayMs = Math.max(100, least);
      !ended.signal.aborted;
      delayMs = Math.min(delayMs * 2, maxProbeDelayMs)
    ) {
      await sleep(delayMs, ended.signal);
      try {
        await probe();
        break;
      } catch (failure) {
        log.warn({ subscription: subscription.name }, `still paused: ${messageOf(failure)}`);
      }
    }
    waiting = undefined;
    if (ended.signal.aborted) return;
    await consumer?.resume();
    log.info({ subscription: subscription.name }, 'resumed');
  };

  return {
    control: (controlled: Consumer): void => {
      consumer = controlled;
    },
    /** Resolves when the probe succeeds, or the signal is aborted. */
    until: (error: unknown, signal: AbortSignal): Promise<void> => {
      waiting ??= wait(error);
      return Promise.race([waiting, aborted(signal)]);
    },
    end: (): void => ended.abort(),
  };
};

const codeOf = (error: unknown): string => (error instanceof Fault ? error.code : 'handler.failed');

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
  });
