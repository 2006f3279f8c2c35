import type { Contract, Registry, Subscription } from '@emporium/contracts';
import { deadLetterTopic, recordTopic, topicOfContract, topicsRead } from '../names.ts';
import type { Binding, BindingId } from './topology-record.ts';

/** The topics that a subscription needs. */
export const topicsFor = (subscription: Subscription): string[] => [
  ...topicsRead(subscription, subscription.to.map(topicOfContract)),
  deadLetterTopic(subscription.name),
];

/** Every topic that the registry implies. */
export const topicsOf = ({ contracts, subscriptions }: Registry): string[] => [
  ...new Set([recordTopic, ...contracts.map(topicOfContract), ...subscriptions.flatMap(topicsFor)]),
];

export const bindingsOf = ({ name, to }: Subscription): Wanted[] =>
  to.map((contract) => bindingOf(name, contract));

export type Wanted = Omit<Binding, 'from'>;

const bindingOf = (subscription: string, contract: Contract): Wanted => ({
  subscription,
  type: contract.type,
  topic: topicOfContract(contract),
});

/** The names in a `TopologyChange`. */
export const nameOfTopic = (topic: string): string => `topic ${topic}`;

export const nameOfSubscription = (name: string): string => `subscription ${name}`;

export const nameOfBinding = ({ subscription, type }: BindingId): string =>
  `binding ${subscription} <- ${type}`;
