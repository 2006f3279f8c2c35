import { busErrors, deadLetterBody, maxBodyBytes, messageOf, type PublishResult } from '@emporium/bus';
import type { DeadLetterReason } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import type { Session } from '../connection/session.ts';
import { headers } from '../headers.ts';
import { deadLetters, tiersOf, waitExchange } from '../names.ts';
import type { Publisher, Routed } from '../publisher.ts';
import { deliveryLost, RabbitmqDelivery, type Settlement } from './delivery.ts';
import type { ConsumedQueue } from './queue-scheduler.ts';
import type { Troubles } from './trouble.ts';

/** The back-off between two publishes of a copy that the broker refuses. */
const firstPauseMs = 250;
const maxPauseMs = 2_000;

const acked: Promise<void> = Promise.resolve();

export interface QueueSettlement extends Settlement {
  /** Sends a message that is not due yet to the next delay tier, without counting an attempt. */
  waitOn(delivery: RabbitmqDelivery, delayMs: number): Promise<void>;
}

interface Settling {
  readonly publisher: Publisher;
  readonly subscription: Subscription;
  readonly troubles: Troubles;
}

/** Settles what one queue delivered on one channel. */
export const createSettlement = (
  { publisher, subscription, troubles }: Settling,
  session: Session,
  queue: ConsumedQueue,
  dispatch: () => void,
): QueueSettlement => {
  const { name, service, ordered, retry } = subscription;
  const { isOpen } = session;
  const tiers = tiersOf(retry);

  const ack = ({ raw }: RabbitmqDelivery): Promise<void> => {
    if (!isOpen()) return Promise.reject(deliveryLost());
    session.ack(raw);
    return acked;
  };

  /**
   * Acks once the broker has confirmed the copy. While it refuses the copy the message stays un-acked, so that nothing of an ordered
   * partition overtakes it: rejected, it would come again at once and reach the delivery limit.
   */
  const replace = async (delivery: RabbitmqDelivery, copy: Routed): Promise<void> => {
    const trouble = troubles.begin(`message ${delivery.id} of queue ${queue.name}`);
    try {
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
        const [result]: (PublishResult | undefined)[] = await publisher.publish([copy]);
        if (result?.status === 'accepted') return await ack(delivery);
        const error = result?.error ?? deliveryLost();
        trouble.failed(error);
        await session.wait(pauseMs, delivery.signal);
        if (!isOpen() || delivery.signal.aborted) throw error;
      }
    } finally {
      trouble.end();
    }
  };

  const deadLetter = (delivery: RabbitmqDelivery, reason: DeadLetterReason): Promise<void> =>
    replace(delivery, {
      ...deadLetterOf(delivery, reason),
      exchange: deadLetters,
      routingKey: name,
      mandatory: true,
    });

  const wait = (delivery: RabbitmqDelivery, attempt: number, delayMs: number): Promise<void> => {
    const { type, body } = delivery;
    // Its copy would be refused each time.
    if (body.byteLength > maxBodyBytes) {
      return deadLetter(
        delivery,
        busErrors.message_too_big({ type, bytes: body.byteLength, limit: maxBodyBytes }),
      );
    }
    const tier = tiers.find((one) => one >= delayMs) ?? tiers.at(-1) ?? 0;
    return replace(delivery, {
      message: delivery,
      exchange: waitExchange(service),
      routingKey: queue.name,
      mandatory: true,
      headers: {
        [headers.delay]: String(tier),
        [headers.attempt]: attempt,
        [headers.remaining]: Math.max(0, delayMs - tier),
      },
    });
  };

  /** Keeps the message un-acked in front of its partition until its next attempt. */
  const retryInPlace = (delivery: RabbitmqDelivery, delayMs: number): Promise<void> => {
    if (!isOpen()) return Promise.reject(deliveryLost());
    queue.blocked = true;
    // A timer may fire a fraction of a millisecond early.
    session.after(delayMs + 1, () => {
      queue.blocked = false;
      queue.waiting.unshift(
        new RabbitmqDelivery(delivery.raw, settlement, delivery.signal, delivery.attempt + 1),
      );
      dispatch();
    });
    return acked;
  };

  const settlement: QueueSettlement = {
    ack,
    retry: (delivery, delayMs) =>
      ordered
        ? retryInPlace(delivery, Math.max(delayMs, tiers[0] ?? 0))
        : wait(delivery, delivery.attempt + 1, delayMs),
    waitOn: (delivery, delayMs) => wait(delivery, delivery.attempt, delayMs),
    deadLetter,
  };
  return settlement;
};

const deadLetterOf = (
  { id, type, key, body: whole, attempt }: RabbitmqDelivery,
  { code, message }: DeadLetterReason,
): Pick<Routed, 'message' | 'headers'> => {
  const { body, truncatedFrom } = deadLetterBody(whole);
  return {
    message: { id, type, key, body },
    headers: {
      [headers.code]: code,
      [headers.reason]: messageOf(message),
      [headers.attempts]: attempt,
      [headers.failedAt]: new Date().toISOString(),
      ...(truncatedFrom === undefined ? {} : { [headers.truncatedFrom]: truncatedFrom }),
    },
  };
};
