import type { PublishResult } from '@emporium/bus';
import type { Subscription } from '@emporium/contracts';
import { RabbitmqDelivery, type Settlement, takenBack } from './delivery.ts';
import type { Lane } from './lane.ts';
import { deadLetters, tiersOf, waitExchange } from './names.ts';
import type { Publisher } from './publisher.ts';
import type { Session } from './session.ts';

/** After a retry or a dead letter that the broker refused, the message is given back; not in a busy loop, though. */
const giveBackDelayMs = 1_000;

const acked: Promise<void> = Promise.resolve();

export interface QueueSettlement extends Settlement {
  /** Lets a message that is not due yet wait on, without counting an attempt. */
  waitOn(delivery: RabbitmqDelivery, delayMs: number): Promise<void>;
}

/** Settles what one queue delivered on one channel. */
export const createSettlement = (
  { publisher, subscription }: { readonly publisher: Publisher; readonly subscription: Subscription },
  session: Session,
  lane: Lane,
  pump: () => void,
): QueueSettlement => {
  const { name, service, ordered, retry } = subscription;
  const { channel, isOpen } = session;
  const tiers = tiersOf(retry);

  const ack = ({ raw }: RabbitmqDelivery): Promise<void> => {
    if (!isOpen()) return Promise.reject(takenBack());
    session.ack(raw);
    return acked;
  };

  /** Acks once the broker owns the copy. */
  const replace = async (delivery: RabbitmqDelivery, copying: Promise<PublishResult[]>): Promise<void> => {
    const [copy] = await copying;
    if (copy?.status === 'accepted') return ack(delivery);
    session.after(giveBackDelayMs, () => channel.nack(delivery.raw));
    throw copy?.error ?? takenBack();
  };

  const wait = (delivery: RabbitmqDelivery, attempt: number, delayMs: number): Promise<void> => {
    const tier = tiers.find((one) => one >= delayMs) ?? tiers.at(-1) ?? 0;
    const headers = { delay: String(tier), attempt, remaining: Math.max(0, delayMs - tier) };
    const exchange = waitExchange(service);
    const copying = publisher.publish([
      { message: delivery, exchange, routingKey: lane.queue, mandatory: true, headers },
    ]);
    return replace(delivery, copying);
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
    deadLetter: (delivery, { code, message }) => {
      const headers = {
        code,
        reason: message.slice(0, 500),
        attempts: delivery.attempt,
        'failed-at': new Date().toISOString(),
      };
      const copying = publisher.publish([
        { message: delivery, exchange: deadLetters, routingKey: name, mandatory: true, headers },
      ]);
      return replace(delivery, copying);
    },
  };
  return settlement;
};
