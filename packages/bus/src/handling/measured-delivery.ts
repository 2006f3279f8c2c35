import type { Subscription } from '@emporium/contracts';
import type { Message } from '../message/message.ts';
import { isOpenStream } from '../message/open-stream.ts';
import { consumed, knownType, messageAge, processDuration } from '../metrics.ts';
import type { DeadLetterReason, Delivery } from '../transport.ts';

/** A delivery that is counted, with the time of its handling and the way it ended. */
export class MeasuredDelivery implements Delivery {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly body: Uint8Array;
  readonly attempt: number;
  readonly position?: string;
  readonly unreadable?: DeadLetterReason;
  private readonly delivery: Delivery;
  private readonly subscription: string;
  private readonly messageType: string;
  private readonly began = performance.now();
  private durationMs: number | undefined;
  private settlement = 'none';
  private traceparent: string | undefined;

  constructor(delivery: Delivery, subscription: Subscription, system: string) {
    const { id, type, key, body, attempt, position, unreadable } = delivery;
    this.id = id;
    this.type = type;
    this.key = key;
    this.body = body;
    this.attempt = attempt;
    if (position !== undefined) this.position = position;
    if (unreadable !== undefined) this.unreadable = unreadable;
    this.delivery = delivery;
    this.subscription = subscription.name;
    this.messageType = knownType(subscription, delivery);
    consumed.add(1, {
      messaging_system: system,
      messaging_destination_subscription_name: this.subscription,
      emporium_message_type: this.messageType,
    });
  }

  /** Not read before it is needed: the delivery creates it on demand. */
  get signal(): AbortSignal {
    return this.delivery.signal;
  }

  ack(): Promise<void> {
    return this.settle('ack', () => this.delivery.ack());
  }

  retry(delayMs: number): Promise<void> {
    return this.settle('retry', () => this.delivery.retry(delayMs));
  }

  deadLetter(reason: DeadLetterReason): Promise<void> {
    return this.settle('dead-letter', () => this.delivery.deadLetter(reason));
  }

  /** Its handler starts, in the span of this traceparent. */
  start({ time, contract }: Message, traceparent: string): void {
    this.traceparent = traceparent;
    if (isOpenStream(contract)) return; // its time is what a sensor says
    const ageMs = Math.max(0, Date.now() - time.getTime());
    messageAge.observe(
      ageMs / 1_000,
      { messaging_destination_subscription_name: this.subscription },
      traceparent,
    );
  }

  /** It was settled, or is left to the broker. */
  end(): void {
    processDuration.observe(
      (this.durationMs ?? performance.now() - this.began) / 1_000,
      {
        messaging_destination_subscription_name: this.subscription,
        emporium_message_type: this.messageType,
        emporium_settlement: this.settlement,
      },
      this.traceparent,
    );
  }

  /** A settlement that fails leaves the delivery to the broker. */
  private async settle(how: string, settle: () => Promise<void>): Promise<void> {
    this.durationMs = performance.now() - this.began;
    await settle();
    this.settlement = how;
  }
}
