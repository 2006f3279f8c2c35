import type { OutgoingMessage } from '@emporium/bus';
import { delayTiers } from '@emporium/bus/transport';
import type { Contract, RetryPolicy, Subscription } from '@emporium/contracts';

/** The topic of an owner's events or of its commands: `order.events`, `payment.commands`; an open stream has a topic of its own. */
export const topicOf = ({
  owner,
  kind,
  type,
  open = false,
}: Pick<OutgoingMessage, 'owner' | 'kind' | 'type' | 'open'>) => (open ? type : `${owner}.${kind}s`);

export const topicOfContract = (contract: Contract): string =>
  topicOf({ ...contract, open: isOpen(contract) });

/** Third parties read and write an open stream too. */
const isOpen = ({ codec }: Contract): boolean => codec.kind === 'json';

/** The topic of messages for one subscription of the service: replays, and what a stuck instance passes on. */
export const directTopic = (service: string): string => `${service}.retry`;

/** The topic of messages that wait this long for their next attempt. */
export const tierTopic = (service: string, delayMs: number): string => `${service}.retry.${delayMs}`;

/** Whether it is one of the service's retry topics, where each message names its subscription. */
export const isRetryTopic = (service: string, topic: string): boolean =>
  topic === directTopic(service) || topic.startsWith(`${directTopic(service)}.`);

/** The delay of a `tierTopic`; 0 for any other topic. */
export const delayOf = (topic: string): number => Number(/\.retry\.(\d+)$/.exec(topic)?.[1] ?? 0);

const deadLetterSuffix = '.dead-letters';

export const deadLetterTopic = (subscription: string): string => `${subscription}${deadLetterSuffix}`;

export const isDeadLetterTopic = (topic: string): boolean => topic.endsWith(deadLetterSuffix);

/** The group of the consumers of dead letters. */
export const deadLetterGroup = 'dead-letters';

/** The compacted topic of subscriptions and bindings. */
export const recordTopic = 'emporium.topology';

/** The delay tiers that a retry policy uses. A longer delay goes through the last tier several times. */
const tiersOf = ({ maxDelayMs }: RetryPolicy): readonly number[] => {
  const last = delayTiers.findIndex((tier) => tier >= maxDelayMs);
  return last === -1 ? delayTiers : delayTiers.slice(0, last + 1);
};

/** The topics that a subscription's group reads, `listening` and its retry topics. An ordered one retries in place and needs no tiers. */
export const topicsRead = (
  { service, ordered, retry }: Pick<Subscription, 'service' | 'ordered' | 'retry'>,
  listening: readonly string[],
): string[] => [
  ...new Set([
    ...listening,
    directTopic(service),
    ...(ordered ? [] : tiersOf(retry).map((delayMs) => tierTopic(service, delayMs))),
  ]),
];
