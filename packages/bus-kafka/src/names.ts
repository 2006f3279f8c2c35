import type { OutgoingMessage } from '@emporium/bus';
import { delayTiers } from '@emporium/bus/transport';
import type { Contract, RetryPolicy, Subscription } from '@emporium/contracts';

/** Where the owner's events or the commands to it are published: `order.events`, `payment.commands`; an open stream has its own. */
export const topicOf = ({
  owner,
  kind,
  type,
  open = false,
}: Pick<OutgoingMessage, 'owner' | 'kind' | 'type' | 'open'>) => (open ? type : `${owner}.${kind}s`);

export const topicOfContract = (contract: Contract): string =>
  topicOf({ ...contract, open: isOpen(contract) });

/** An open stream: others write and read it too, and it holds nothing of ours. */
const isOpen = ({ codec }: Contract): boolean => codec.kind === 'json';

/** What is sent to one subscription of the service: replays, and what another instance passes on. Keyed as the owners' topics are. */
export const directTopic = (service: string): string => `${service}.retry`;

/** What waits so long for its next attempt. */
export const tierTopic = (service: string, delayMs: number): string => `${service}.retry.${delayMs}`;

/** Whether only we write it: what is in it is for the subscription that it names. */
export const isOwnTopic = (service: string, topic: string): boolean =>
  topic === directTopic(service) || topic.startsWith(`${directTopic(service)}.`);

/** The delay of a topic that `tierTopic` named; 0 for every other one. */
export const delayOf = (topic: string): number => Number(/\.retry\.(\d+)$/.exec(topic)?.[1] ?? 0);

const deadLetterSuffix = '.dead-letters';

export const deadLetterTopic = (subscription: string): string => `${subscription}${deadLetterSuffix}`;

export const isDeadLetterTopic = (topic: string): boolean => topic.endsWith(deadLetterSuffix);

/** The group of those who take dead letters. */
export const deadLetterGroup = 'dead-letters';

/** Which subscriptions there are, and what they listen to: the latest value of each key counts. */
export const recordTopic = 'emporium.topology';

/** The delays that a policy can ask for. A longer wait goes round several times. */
const tiersOf = ({ maxDelayMs }: RetryPolicy): readonly number[] => {
  const last = delayTiers.findIndex((tier) => tier >= maxDelayMs);
  return last === -1 ? delayTiers : delayTiers.slice(0, last + 1);
};

/** The topics that a subscription's group reads, when it listens to these. An ordered one waits for a retry where it is. */
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
