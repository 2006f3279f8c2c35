import { busErrors, deadLetterBody, maxBodyBytes, type PublishResult } from '@emporium/bus';
import type { DeadLetterReason } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import { RabbitmqDelivery, type Settlement, takenBack } from './delivery.ts';
import { headers } from './headers.ts';
import type { Lane } from './lane.ts';
import { deadLetters, tiersOf, waitExchange } from './names.ts';
import type { Publisher, Routed } from './publisher.ts';
import type { Session } from './session.ts';
import type { Troubles } from './trouble.ts';

/** Between two tries of a copy that the broker refuses, in milliseconds. */
const firstPauseMs = 250;
const maxPauseMs = 2_000;

const acked: Promise<void> = Promise.resolve();

export interface QueueSettlement extends Settlement {
  /** Lets a message that is not due yet wait on, without counting an attempt. */
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
  lane: Lane,
  pump: () => void,
): QueueSettlement => {
  const { name, service, ordered, retry } = subscription;
  const { isOpen } = session;
  const tiers = tiersOf(retry);

  const ack = ({ raw }: RabbitmqDelivery): Promise<void> => {
    if (!isOpen()) return Promise.reject(takenBack());
    session.ack(raw);
    return acked;
  };

  /**
   * Acks once the broker owns the copy. While it refuses the copy the message stays with us, so that nothing of an ordered
   * partition overtakes it: given back it would come again at once, and be taken away at the delivery limit.
   */
  const replace = async (delivery: RabbitmqDelivery, copy: Routed): Promise<void> => {
    const trouble = troubles.begin(`message ${delivery.id} of queue ${lane.queue}`);
    try {
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
        const [result]: (PublishResult | undefined)[] = await publisher.publish([copy]);
        if (result?.status === 'accepted') return await ack(delivery);
        const error = result?.error ?? takenBack();
        trouble.failed(error);
        await session.wait(pauseMs, delivery.signal);
        if (!isOpen() || delivery.signal.aborted) throw error;
      }
    } finally {
      trouble.end();
    }
  };

  const setAside = (delivery: RabbitmqDelivery, reason: DeadLetterReason): Promise<void> =>
    replace(delivery, {
      ...deadLetterOf(delivery, reason),
      exchange: deadLetters,
      routingKey: name,
      mandatory: true,
    });

  const wait = (delivery: RabbitmqDelivery, attempt: number, delayMs: number): Promise<void> => {
    const { type, body } = delivery;
    // Its copy would be refused for ever.
    if (body.byteLength > maxBodyBytes) {
      return setAside(
        delivery,
        busErrors.message_too_big({ type, bytes: body.byteLength, limit: maxBodyBytes }),
      );
    }
    const tier = tiers.find((one) => one >= delayMs) ?? tiers.at(-1) ?? 0;
    return replace(delivery, {
      message: delivery,
      exchange: waitExchange(service),
      routingKey: lane.queue,
      mandatory: true,
      headers: {
        [headers.delay]: String(tier),
        [headers.attempt]: attempt,
        [headers.remaining]: Math.max(0, delayMs - tier),
      },
    });
  };

  /** The message stays with us, un-acked, in front of its partition. */
  const hold = (delivery: RabbitmqDelivery, delayMs: number): Promise<void> => {
    if (!isOpen()) return Promise.reject(takenBack());
    lane.held = true;
    // A timer may fire a fraction of a millisecond early.
    session.after(delayMs + 1, () => {
      lane.held = false;
      lane.waiting.unshift(
        new RabbitmqDelivery(delivery.raw, settlement, delivery.signal, delivery.attempt + 1),
      );
      pump();
    });
    return acked;
  };

  const settlement: QueueSettlement = {
    ack,
    retry: (delivery, delayMs) =>
      ordered
        ? hold(delivery, Math.max(delayMs, tiers[0] ?? 0))
        : wait(delivery, delivery.attempt + 1, delayMs),
    waitOn: (delivery, delayMs) => wait(delivery, delivery.attempt, delayMs),
    deadLetter: setAside,
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
      [headers.reason]: message.slice(0, 500),
      [headers.attempts]: attempt,
      [headers.failedAt]: new Date().toISOString(),
      ...(truncatedFrom === undefined ? {} : { [headers.truncatedFrom]: truncatedFrom }),
    },
  };
};
