import { type Contract, publishersOf, type ServiceName } from './define.ts';
import { followersOf, type Reaction } from './reaction.ts';
import { reactionViolations } from './reaction-violations.ts';
import { type Carrier, carrierOf, type Subscription } from './subscription.ts';
import { contractViolations, subscriptionViolations } from './violations.ts';

/** All contracts and subscriptions of a system, checked against each other. */
export interface Registry {
  readonly contracts: readonly Contract[];
  readonly subscriptions: readonly Subscription[];
  /** What may follow from what. Undefined in a registry that does not declare it. */
  readonly reactions?: readonly Reaction[];
  /** The contract with this wire type, if there is one. */
  contract(type: string): Contract | undefined;
  /** The subscription of this name, if there is one. */
  subscription(name: string): Subscription | undefined;
  /** The part of the registry that belongs to the bus, or to the broker of the open streams. */
  on(carrier: Carrier): Registry;
  /** Whether this may follow when the subscription handles a message; true in a registry that declares no reactions. */
  mayFollow(subscription: string, handled: Contract, follower: Contract): boolean;
  /** Throws when this service may not publish the event, or send the command. */
  assertMayPublish(service: ServiceName, contract: Contract): void;
}

interface Definitions {
  readonly contracts: readonly Contract[];
  readonly subscriptions: readonly Subscription[];
  readonly reactions?: readonly Reaction[] | undefined;
}

/**
 * Throws with all violations: duplicate names, unknown owners and keys, missing versions and upcasters, commands without exactly
 * one handler, open streams mixed with other messages, cycles of messages that nobody declared.
 */
export const createRegistry = ({ contracts, subscriptions, reactions }: Definitions): Registry => {
  const violations = [
    ...contractViolations(contracts),
    ...subscriptionViolations(contracts, subscriptions),
    ...reactionViolations(reactions ?? [], subscriptions),
  ];
  if (violations.length > 0) throw new Error(`The registry is wrong:\n- ${violations.join('\n- ')}`);

  const byType = new Map(contracts.map((contract) => [contract.type, contract]));
  const byName = new Map(subscriptions.map((subscription) => [subscription.name, subscription]));
  const followers = new Set(
    reactions?.flatMap((reaction) =>
      followersOf(reaction).map(({ name }) => edge(reaction.subscription, reaction.to.name, name)),
    ),
  );
  return {
    contracts,
    subscriptions,
    ...(reactions === undefined ? {} : { reactions }),
    contract: (type) => byType.get(type),
    subscription: (name) => byName.get(name),
    on: (carrier) => {
      const carried = subscriptions.filter(({ to }) =>
        to.every((contract) => carrierOf(contract) === carrier),
      );
      return createRegistry({
        contracts: contracts.filter((contract) => carrierOf(contract) === carrier),
        subscriptions: carried,
        reactions: reactions?.filter(({ subscription }) => carried.some(({ name }) => name === subscription)),
      });
    },
    mayFollow: (subscription, handled, follower) =>
      reactions === undefined || followers.has(edge(subscription, handled.name, follower.name)),
    assertMayPublish: (service, contract) => {
      const allowed = publishersOf(contract);
      if (byType.get(contract.type) !== contract) throw new Error(`${contract.type} is not registered`);
      if (allowed.includes(service)) return;
      const verb = contract.kind === 'event' ? 'publish' : 'send';
      throw new Error(`${service} may not ${verb} ${contract.type}: only ${allowed.join(', ')} may`);
    },
  };
};

const edge = (subscription: string, handled: string, follower: string): string =>
  `${subscription} ${handled} ${follower}`;
