import type { Contract, Registry, Subscription } from '@emporium/contracts';
import { withContext } from './context.ts';
import { busErrors, Fault, messageOf, settlementOf } from './errors.ts';
import { createHold } from './hold.ts';
import type { Log } from './log.ts';
import { type Message, readMessage } from './message.ts';
import { backoff } from './retry.ts';
import { createProgress } from './transport/consumer/progress.ts';
import type { Consumer, DeadLetterReason, Delivery, Limits, Transport } from './transport.ts';

/** Runs the handler of a message with its effects, atomically. Resolves when all is committed; rejects when nothing is. */
export type Run = (message: Message, signal: AbortSignal) => Promise<void>;

/** A message that can never be handled, because it is none of the subscription's contracts. */
export interface Unreadable {
  readonly id: string;
  /** Where the broker has it, where it tells. */
  readonly position?: string;
  readonly reason: DeadLetterReason;
}

export interface Pipeline {
  readonly transport: Transport;
  readonly registry: Registry;
  readonly subscription: Subscription;
  /** The versions that the handlers take; older ones are upcast to them. */
  readonly handles: readonly Contract[];
  readonly run: Run;
  /** Told of a message that cannot be read, before it is set aside; when it rejects, that is settled like a failure of `run`. */
  readonly onUnreadable?: (unreadable: Unreadable) => Promise<void>;
  /** Resolves when what the service stands on (its database) answers; asked while deliveries are held. */
  readonly probe: () => Promise<void>;
  readonly limits: Limits;
  readonly log: Log;
  readonly random?: () => number;
}

/**
 * Subscribes, and takes each delivery through the same steps on every broker: decode, check hops, validate, upcast, run the
 * handler, settle by the subscription's retry policy. Nothing is acked after an exception. A fault of our own database or
 * broker is no attempt: the delivery is held, the consumer pauses, probes, and resumes. What is held when the consumer stops
 * stays un-acked.
 */
export const consume = async (pipeline: Pipeline): Promise<Consumer> => {
  const { transport, registry, subscription, run, onUnreadable, probe, limits, log, random } = pipeline;
  const wanted: ReadonlySet<Contract> = new Set(pipeline.handles);
  const hold = createHold({ subscription: subscription.name, probe, log });

  const deliver = async (delivery: Delivery): Promise<void> => {
    const facts = {
      subscription: subscription.name,
      messageId: delivery.id,
      type: delivery.type,
      attempt: delivery.attempt,
    };
    if (delivery.unreadable !== undefined) return setAside(delivery, delivery.unreadable, facts);
    let message: Message;
    try {
      message = readMessage(registry, wanted, delivery.body);
    } catch (error) {
      return setAside(delivery, { code: codeOf(error), message: messageOf(error) }, facts);
    }
    const isHandled = await withContext(message.context, () =>
      work(delivery, () => run(message, delivery.signal), facts),
    );
    // Outside of the work: an ack that fails is no failure of the handler, and no attempt.
    if (isHandled) await delivery.ack();
  };

  const setAside = async (delivery: Delivery, reason: DeadLetterReason, facts: object): Promise<void> => {
    const { id, position } = delivery;
    const unreadable = { id, reason, ...(position === undefined ? {} : { position }) };
    if (!(await work(delivery, async () => onUnreadable?.(unreadable), facts))) return;
    log.warn({ ...facts, position, code: reason.code }, `dead letter: ${reason.message}`);
    await delivery.deadLetter(reason);
  };

  /** Gives whether it was done; else the delivery is settled as the failure says, or stays un-acked. */
  const work = async (delivery: Delivery, task: () => Promise<void>, facts: object): Promise<boolean> => {
    for (let held = 0; ; held += 1) {
      try {
        await task();
        hold.worked();
        return true;
      } catch (error) {
        if (delivery.signal.aborted) return false;
        if (settlementOf(error) !== 'pause') {
          await fail(delivery, error, facts);
          return false;
        }
        if (!(await hold.until(error, delivery.signal, held))) return false;
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

  const progress = createProgress(subscription.name, log);
  const guarded = async (delivery: Delivery): Promise<void> => {
    progress.begin(delivery);
    try {
      await deliver(delivery);
      progress.end(delivery);
    } catch (error) {
      progress.failed(delivery, error);
      throw error;
    }
  };

  const consumer = await transport.subscribe(subscription, guarded, limits);
  await hold.control(consumer);
  return {
    status: () => {
      const status = consumer.status();
      return status.state === 'stuck' ? status : progress.status();
    },
    pause: hold.pause,
    resume: hold.resume,
    stop: async (options) => {
      const stopped = consumer.stop(options); // first, so that what is let go makes no room for another delivery
      hold.end();
      await stopped;
    },
  };
};

const codeOf = (error: unknown): string => (error instanceof Fault ? error.code : 'handler.failed');
