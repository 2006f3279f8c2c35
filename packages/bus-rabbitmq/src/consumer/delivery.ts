import { attemptFrom, busErrors } from '@emporium/bus';
import type { DeadLetterReason, Delivery } from '@emporium/bus/transport';
import type { ConsumeMessage } from 'amqplib';
import { headers } from '../headers.ts';
import { headerOf, readMessage } from '../message-format.ts';

/** Where a delivery of one channel ends. Each rejects when the channel is gone: then the message comes again. */
export interface Settlement {
  ack(delivery: RabbitmqDelivery): Promise<void>;
  retry(delivery: RabbitmqDelivery, delayMs: number): Promise<void>;
  deadLetter(delivery: RabbitmqDelivery, reason: DeadLetterReason): Promise<void>;
}

const settledBefore: Promise<void> = Promise.resolve();

/** A delivery and whether it is settled. */
export class RabbitmqDelivery implements Delivery {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly body: Uint8Array;
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** What the broker gave. */
  readonly raw: ConsumeMessage;
  readonly #settlement: Settlement;
  #settled = false;

  constructor(raw: ConsumeMessage, settlement: Settlement, signal: AbortSignal, attempt?: number) {
    const { id, type, key, body } = readMessage(raw);
    this.id = id;
    this.type = type;
    this.key = key;
    this.body = body;
    this.attempt = attempt ?? attemptFrom(headerOf(raw.properties, headers.attempt));
    this.signal = signal;
    this.raw = raw;
    this.#settlement = settlement;
  }

  get settled(): boolean {
    return this.#settled;
  }

  ack(): Promise<void> {
    return this.#settle() ? this.#settlement.ack(this) : settledBefore;
  }

  retry(delayMs: number): Promise<void> {
    return this.#settle() ? this.#settlement.retry(this, delayMs) : settledBefore;
  }

  deadLetter(reason: DeadLetterReason): Promise<void> {
    return this.#settle() ? this.#settlement.deadLetter(this, reason) : settledBefore;
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }
}

/** The channel of the delivery is closed: the broker delivers the message again, to this or another instance. */
export const deliveryLost = () =>
  busErrors.broker_away({
    broker: 'rabbitmq',
    reason: 'the connection was lost before this delivery was settled',
  });
