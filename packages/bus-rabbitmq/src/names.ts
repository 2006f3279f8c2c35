import { type OutgoingMessage, partitionOf } from '@emporium/bus';
import { delayTiers, partitionCount } from '@emporium/bus/transport';
import type { Contract, RetryPolicy, Subscription } from '@emporium/contracts';

/** Where the owner's events or the commands to it are published: `order.events`, `payment.commands`. */
export const exchangeOf = ({ owner, kind }: Pick<Contract, 'owner' | 'kind'>): string => `${owner}.${kind}s`;

/** The wire type, then the partition of the key as the last word. */
export const routingKeyOf = ({ type, key }: Pick<OutgoingMessage, 'type' | 'key'>): string =>
  `${type}.${partitionOf(key)}`;

/** The wire type that a routing key was made from. */
export const typeOf = (routingKey: string): string => routingKey.replace(/\.\d+$/, '');

/** One queue; for an ordered subscription one per partition. */
export const queuesOf = ({ name, ordered }: Subscription): string[] =>
  ordered ? Array.from({ length: partitionCount }, (_, partition) => `${name}.${partition}`) : [name];

/** The queue of the subscription that this key goes to. */
export const queueFor = ({ name, ordered }: Subscription, key: string): string =>
  ordered ? `${name}.${partitionOf(key)}` : name;

/** Reaches each queue of the service by its name: what is replayed, and what waited for a retry. */
export const retryExchange = (service: string): string => `${service}.retry`;

/** Sorts by the header `emporium-delay` into the wait queues, and leaves the routing key to name the queue to go back to. */
export const waitExchange = (service: string): string => `${service}.wait`;

export const waitQueue = (service: string, delayMs: number): string => `${service}.wait.${delayMs}`;

/** Exchange and queue of every dead letter; the routing key names the subscription. */
export const deadLetters = 'dead-letters';

/** The delays that a policy can ask for. A longer wait goes round several times. */
export const tiersOf = ({ maxDelayMs }: RetryPolicy): readonly number[] => {
  const last = delayTiers.findIndex((tier) => tier >= maxDelayMs);
  return last === -1 ? delayTiers : delayTiers.slice(0, last + 1);
};
