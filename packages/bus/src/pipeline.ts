import type { Contract, Registry, Subscription } from '@emporium/contracts';
import { withContext } from './context.ts';
import { busErrors, Fault, messageOf, settlementOf } from './errors.ts';
import { createHold } from './hold.ts';
import type { Log } from './log.ts';
import { type Message, readMessage } from './message.ts';
import { backoff } from './retry.ts';
import type { Consumer, Delivery, Limits, Transport } from './transport.ts';

/** Runs the handler of a message with its effects, atomically. Resolves when all is committed; rejects when nothing is. */
export type Run = (message: Message, signal: AbortSignal) => Promise<void>;

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

/**
 * Subscribes, and takes each delivery through the same steps on every broker: decode, check hops, validate, upcast, run the
 * handler, settle by the subscription's retry policy. Nothing is acked after an exception. A fault of our own database or
 * broker is no attempt: the delivery is held, the consumer pauses, probes, and resumes. What is held when the consumer stops
 * stays un-acked.
 */
export const consume = async (pipeline: Pipeline): Promise<Consumer> => {
  const { transport, registry, subscription, run, probe, limits, log, random } = pipeline;
  const wanted: ReadonlySet<Contract> = new Set(pipeline.handles);
  const hold = createHold({ subscription: subscription.name, probe, log });

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
    for (let held = 0; ; held += 1) {
      try {
        await run(message, delivery.signal);
        break;
      } catch (error) {
        if (delivery.signal.aborted) return;
        if (settlementOf(error) !== 'pause') return await fail(delivery, error, facts);
        if (!(await hold.until(error, delivery.signal, held))) return;
      }
    }
    // Outside of the try: an ack that fails is no failure of the handler, and no attempt.
    await delivery.ack();
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
  await hold.control(consumer);
  return {
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
