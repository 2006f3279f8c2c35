import type { Contract, Registry, Subscription } from '@emporium/contracts';
import { headers } from '../headers.ts';
import {
  deadLetters,
  exchangeOf,
  queuesOf,
  retryExchange,
  tiersOf,
  waitExchange,
  waitQueue,
} from '../names.ts';
import { type Binding, type Declarations, merge, nothing, type Queue } from './declarations.ts';

/**
 * Redeliveries of one message before the broker takes it away: a net under a process that crashes at the same message again
 * and again. Well above every policy's attempts, which are counted in our header; each unclean end counts one for all that
 * was unsettled, so a service that restarts often must not get near.
 */
export const deliveryLimit = 100;

/** A dead letter that cannot be handled stays in the queue; only crashes of its consumers count here. */
const deadLetterDeliveryLimit = 1_000_000;

/** The broker's own dead-lettering is confirmed with these two alone. */
const atLeastOnce = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };

/** What the registry implies on this broker. */
export const layoutOf = ({ contracts, subscriptions }: Registry): Declarations =>
  merge([deadLetterLayout, ...contracts.map(exchangeLayout), ...subscriptions.map(subscriptionLayout)]);

/** What one subscription needs to work. */
export const layoutFor = (subscription: Subscription): Declarations =>
  merge([deadLetterLayout, subscriptionLayout(subscription)]);

export const deadLetterLayout: Declarations = {
  exchanges: [{ name: deadLetters, type: 'fanout' }],
  queues: [
    {
      name: deadLetters,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': deadLetterDeliveryLimit },
    },
  ],
  bindings: [{ queue: deadLetters, exchange: deadLetters, pattern: '' }],
};

const exchangeLayout = (contract: Contract): Declarations => ({
  exchanges: [{ name: exchangeOf(contract), type: 'topic' }],
  queues: [],
  bindings: [],
});

const subscriptionLayout = (subscription: Subscription): Declarations => {
  const { service, to, ordered } = subscription;
  const queues = queuesOf(subscription);
  return merge([
    ...to.map(exchangeLayout),
    {
      exchanges: [{ name: retryExchange(service), type: 'direct' }],
      queues: queues.map((name) => queueOf(subscription, name)),
      bindings: queues.flatMap((queue, partition) => [
        ...to.map((contract) => listening(queue, contract, ordered ? String(partition) : '*')),
        { queue, exchange: retryExchange(service), pattern: queue },
      ]),
    },
    ordered ? nothing : waitLayout(subscription),
  ]);
};

const queueOf = ({ name: subscription, ordered }: Subscription, name: string): Queue => ({
  name,
  arguments: {
    'x-queue-type': 'quorum',
    'x-delivery-limit': deliveryLimit,
    'x-dead-letter-exchange': deadLetters,
    'x-dead-letter-routing-key': subscription,
    ...atLeastOnce,
    ...(ordered ? { 'x-single-active-consumer': true } : {}),
  },
});

const listening = (queue: string, contract: Contract, partition: string): Binding => ({
  queue,
  exchange: exchangeOf(contract),
  pattern: `${contract.type}.${partition}`,
});

/** An ordered subscription needs no delay tiers: a message in retry blocks its own queue. */
const waitLayout = ({ service, retry }: Subscription): Declarations => ({
  exchanges: [{ name: waitExchange(service), type: 'headers' }],
  queues: tiersOf(retry).map((delayMs) => ({
    name: waitQueue(service, delayMs),
    arguments: {
      'x-queue-type': 'quorum',
      'x-message-ttl': delayMs,
      'x-dead-letter-exchange': retryExchange(service),
      ...atLeastOnce,
    },
  })),
  bindings: tiersOf(retry).map((delayMs) => ({
    queue: waitQueue(service, delayMs),
    exchange: waitExchange(service),
    pattern: '',
    arguments: { 'x-match': 'all', [headers.delay]: String(delayMs) },
  })),
});
