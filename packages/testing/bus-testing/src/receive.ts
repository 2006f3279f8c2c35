import type { Consumer, Transport } from '@emporium/bus';
import type { Deliver, Delivery } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import { eventually } from './eventually.ts';

/** A consumer that records its deliveries. */
export interface Receiver {
  readonly consumer: Consumer;
  /** In the order in which they started. */
  readonly deliveries: readonly Delivery[];
  /** Resolves with the first delivery. */
  first(): Promise<Delivery>;
  /** Resolves with all deliveries when there are `count` of them. */
  until(count: number, timeoutMs?: number): Promise<readonly Delivery[]>;
}

interface ReceiveOptions {
  /** Acks by default. */
  readonly deliver?: Deliver;
  readonly concurrency?: number;
}

export const receive = async (
  transport: Transport,
  subscription: Subscription,
  { deliver = (delivery) => delivery.ack(), concurrency = 10 }: ReceiveOptions = {},
): Promise<Receiver> => {
  const deliveries: Delivery[] = [];
  const record: Deliver = (delivery) => {
    deliveries.push(delivery);
    return deliver(delivery);
  };
  const consumer = await transport.subscribe(subscription, record, { concurrency });
  const until = async (count: number, timeoutMs?: number) => {
    const seen = () => `${deliveries.length} of ${count} deliveries were received`;
    await eventually(() => deliveries.length >= count, seen, timeoutMs);
    return deliveries;
  };
  const first = async () => {
    const [delivery] = await until(1);
    if (delivery === undefined) throw new Error('unreachable: one delivery was received');
    return delivery;
  };
  return { consumer, deliveries, first, until };
};
