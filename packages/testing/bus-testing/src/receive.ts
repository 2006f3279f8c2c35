import type { Consumer, Transport } from '@emporium/bus';
import type { Deliver, Delivery } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import { eventually } from './eventually.ts';

/** A consumer that remembers what it was given. */
export interface Receiver {
  readonly consumer: Consumer;
  /** In the order of their beginning. */
  readonly deliveries: readonly Delivery[];
  /** The first delivery, when it came. */
  first(): Promise<Delivery>;
  /** Resolves with the deliveries when there are so many. */
  until(count: number, timeoutMs?: number): Promise<readonly Delivery[]>;
}

interface Receiving {
  /** Acks by default. */
  readonly deliver?: Deliver;
  readonly concurrency?: number;
}

export const receive = async (
  transport: Transport,
  subscription: Subscription,
  { deliver = (delivery) => delivery.ack(), concurrency = 10 }: Receiving = {},
): Promise<Receiver> => {
  const deliveries: Delivery[] = [];
  const remember: Deliver = (delivery) => {
    deliveries.push(delivery);
    return deliver(delivery);
  };
  const consumer = await transport.subscribe(subscription, remember, { concurrency });
  const until = async (count: number, timeoutMs?: number) => {
    const seen = () => `${deliveries.length} of ${count} deliveries came`;
    await eventually(() => deliveries.length >= count, seen, timeoutMs);
    return deliveries;
  };
  const first = async () => {
    const [delivery] = await until(1);
    if (delivery === undefined) throw new Error('unreachable: one delivery came');
    return delivery;
  };
  return { consumer, deliveries, first, until };
};
