import type { Contract, Registry, Subscription } from '@emporium/contracts';
import { failSpan } from '@emporium/telemetry';
import { busErrors, Fault, messageOf, settlementOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Context, withContext } from '../message/context.ts';
import { contextIn, type Message, readMessage, withContextOf } from '../message/message.ts';
import { createProgress } from '../transport/consumer/progress.ts';
import type { Consumer, DeadLetterReason, Delivery, Limits, Transport } from '../transport.ts';
import { beginDeliverySpan, type DeliverySpan } from './delivery-span.ts';
import { MeasuredDelivery } from './measured-delivery.ts';
import { createOutage } from './outage.ts';
import { backoff } from './retry.ts';

/** Handles a message and commits its effects in one transaction. Resolves when all is committed; rejects when nothing is. */
export type Run = (message: Message, signal: AbortSignal) => Promise<void>;

/** A message that can never be handled, because it does not fit any of the subscription's contracts. */
export interface Unreadable {
  readonly id: string;
  /** Its position on the broker, where the broker has one. */
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
  /** Called with a message that cannot be read, before it is dead-lettered. A rejection is settled like one of `run`. */
  readonly onUnreadable?: (unreadable: Unreadable) => Promise<void>;
  /** Resolves when the service's database answers. Called while deliveries wait for it. */
  readonly probe: () => Promise<void>;
  readonly limits: Limits;
  readonly log: Log;
  readonly random?: () => number;
}

/**
 * Subscribes, and takes each delivery through the same steps on every broker: decode, check hops, validate, upcast, run the
 * handler, settle by the subscription's retry policy. Nothing is acked after an exception. While our own database or broker is
 * away no attempt is counted: the consumer is paused until the probe succeeds, and the deliveries wait. Those that still wait
 * when the consumer stops stay un-acked.
 */
export const consume = async (pipeline: Pipeline): Promise<Consumer> => {
  const { transport, registry, subscription, run, onUnreadable, probe, limits, log, random } = pipeline;
  const wanted: ReadonlySet<Contract> = new Set(pipeline.handles);
  const outage = createOutage({ subscription: subscription.name, probe, log });

  const deliver = async (delivery: MeasuredDelivery): Promise<void> => {
    const facts = {
      subscription: subscription.name,
      messageId: delivery.id,
      type: delivery.type,
      attempt: delivery.attempt,
    };
    if (delivery.unreadable !== undefined) return rejectUnreadable(delivery, delivery.unreadable, facts);
    let message: Message;
    try {
      message = readMessage(registry, wanted, delivery.body);
    } catch (error) {
      return rejectUnreadable(delivery, { code: codeOf(error), message: messageOf(error) }, facts);
    }
    const began = performance.now();
    await inSpan(delivery, message.context, async (span) => {
      delivery.start(message, span.context.traceparent);
      const handled = { ...message, context: span.context };
      if (!(await tryTask(delivery, () => run(handled, delivery.signal), facts, span))) return;
      log.debug?.({ ...facts, ms: Math.round(performance.now() - began) }, 'handled');
      // An ack that fails is not a failure of the handler, and does not count as an attempt.
      await delivery.ack();
      span.acked();
    });
  };

  /** Runs the work in the span of the delivery, and in its context. */
  const inSpan = async (
    delivery: Delivery,
    context: Context,
    work: (span: DeliverySpan) => Promise<void>,
  ): Promise<void> => {
    const span = beginDeliverySpan(transport, subscription, delivery, context);
    try {
      await withContext(span.context, () => work(span));
    } catch (error) {
      failSpan(span.span, error);
      throw error;
    } finally {
      span.span.end();
    }
  };

  const rejectUnreadable = (delivery: Delivery, reason: DeadLetterReason, facts: object): Promise<void> => {
    const context = contextIn(delivery.body);
    if (context === undefined) return setAside(delivery, reason, facts);
    return inSpan(delivery, context, (span) => setAside(delivery, reason, facts, span));
  };

  const setAside = async (
    delivery: Delivery,
    reason: DeadLetterReason,
    facts: object,
    span?: DeliverySpan,
  ): Promise<void> => {
    const { id, position } = delivery;
    const unreadable = { id, reason, ...(position === undefined ? {} : { position }) };
    if (!(await tryTask(delivery, async () => onUnreadable?.(unreadable), facts, span))) return;
    log.warn({ ...facts, position, code: reason.code }, `dead letter: ${reason.message}`);
    await delivery.deadLetter(reason);
    span?.deadLettered(reason.code);
  };

  /** Returns true when the task succeeded. Otherwise the delivery was settled by the failure, or stays un-acked. */
  const tryTask = async (
    delivery: Delivery,
    task: () => Promise<void>,
    facts: object,
    span: DeliverySpan | undefined,
  ): Promise<boolean> => {
    for (let waits = 0; ; waits += 1) {
      try {
        await task();
        outage.succeeded();
        return true;
      } catch (error) {
        if (delivery.signal.aborted) return false;
        if (settlementOf(error) !== 'pause') {
          await settleFailure(delivery, error, facts, span);
          return false;
        }
        if (!(await outage.wait(error, delivery.signal, waits))) return false;
      }
    }
  };

  const settleFailure = async (
    delivery: Delivery,
    error: unknown,
    facts: object,
    span: DeliverySpan | undefined,
  ): Promise<void> => {
    const { attempt } = delivery;
    const isLast = attempt >= subscription.retry.attempts;
    if (settlementOf(error) === 'dead-letter' || isLast) {
      const reason = isLast && settlementOf(error) !== 'dead-letter' ? exhausted(attempt, error) : error;
      const [code, message] = [codeOf(reason), messageOf(reason)];
      log.error({ ...facts, code }, `dead letter: ${message}`);
      await delivery.deadLetter({ code, message });
      span?.deadLettered(code, reason);
      return;
    }
    const delayMs = backoff(subscription.retry, attempt, random);
    log.warn({ ...facts, delayMs, code: codeOf(error) }, `retry: ${messageOf(error)}`);
    await delivery.retry(delayMs);
    span?.retried(delayMs, codeOf(error), error);
  };

  const progress = createProgress(subscription.name, log);
  const deliverTracked = async (delivery: Delivery): Promise<void> => {
    progress.begin(delivery);
    const measured = new MeasuredDelivery(delivery, subscription, transport.name);
    try {
      await deliver(measured);
      progress.end(delivery);
    } catch (error) {
      withContextOf(delivery.body, () => progress.failed(delivery, error));
      throw error;
    } finally {
      measured.end();
    }
  };

  const consumer = await transport.subscribe(subscription, deliverTracked, limits).catch((error: unknown) => {
    outage.stop();
    throw error;
  });
  await outage.control(consumer);
  return {
    status: () => {
      const status = consumer.status();
      return status.state === 'stuck' ? status : progress.status();
    },
    pause: outage.pause,
    resume: outage.resume,
    stop: async (options) => {
      const stopped = consumer.stop(options); // first, so that the deliveries that stop waiting make no room for others
      outage.stop();
      await stopped;
    },
  };
};

const exhausted = (attempts: number, error: unknown) =>
  busErrors.attempts_exhausted({ attempts, last: messageOf(error) });

const codeOf = (error: unknown): string => (error instanceof Fault ? error.code : 'handler.failed');
