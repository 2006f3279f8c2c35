import { type Contract, type ServiceName, services } from './define.ts';
import type { Subscription } from './subscription.ts';

/** Every contract and every subscription of a system, checked against each other. */
export interface Registry {
  readonly contracts: readonly Contract[];
  readonly subscriptions: readonly Subscription[];
  /** The contract with this wire type, if there is one. */
  contract(type: string): Contract | undefined;
  /** The subscription of this name, if there is one. */
  subscription(name: string): Subscription | undefined;
  /** Throws unless this service may publish the event, or send the command. */
  assertMayPublish(service: ServiceName, contract: Contract): void;
}

interface Definitions {
  readonly contracts: readonly Contract[];
  readonly subscriptions: readonly Subscription[];
}

/** Throws with every violation at once: doubled names, unknown owners and keys, commands without exactly one handler. */
export const createRegistry = ({ contracts, subscriptions }: Definitions): Registry => {
  const violations = [...contractViolations(contracts), ...subscriptionViolations(contracts, subscriptions)];
  if (violations.length > 0) throw new Error(`The registry is wrong:\n- ${violations.join('\n- ')}`);

  const byType = new Map(contracts.map((contract) => [contract.type, contract]));
  const byName = new Map(subscriptions.map((subscription) => [subscription.name, subscription]));
  return {
    contracts,
    subscriptions,
    contract: (type) => byType.get(type),
    subscription: (name) => byName.get(name),
    assertMayPublish: (service, contract) => {
      const allowed = contract.kind === 'event' ? [contract.owner] : contract.senders;
      if (byType.get(contract.type) !== contract) throw new Error(`${contract.type} is not registered`);
      if (allowed.includes(service)) return;
      const verb = contract.kind === 'event' ? 'publish' : 'send';
      throw new Error(`${service} may not ${verb} ${contract.type}: only ${allowed.join(', ')} may`);
    },
  };
};

const contractViolations = (contracts: readonly Contract[]): string[] => [
  ...doubled(contracts.map(({ type }) => type)).map((type) => `${type} is defined twice`),
  ...contracts.flatMap((contract) => [
    ...(services.includes(contract.owner)
      ? []
      : [`${contract.type}: its owner ${contract.owner} is no service`]),
    ...(contract.key in contract.schema.shape
      ? []
      : [`${contract.type}: its key ${contract.key} is no field`]),
    ...(/^[a-z][a-z-]*\.[a-z][a-z-]*$/.test(contract.name)
      ? []
      : [`${contract.name}: a name reads 'noun.verb'`]),
    ...(contract.kind === 'command' && contract.senders.length === 0
      ? [`${contract.type}: nobody may send it`]
      : []),
    ...(contract.version > 1 && contract.upcast === undefined
      ? [`${contract.type}: it needs an upcaster`]
      : []),
  ]),
];

const subscriptionViolations = (
  contracts: readonly Contract[],
  subscriptions: readonly Subscription[],
): string[] => [
  ...doubled(subscriptions.map(({ name }) => name)).map((name) => `${name} is subscribed twice`),
  ...subscriptions.flatMap((subscription) => [
    ...(services.includes(subscription.service)
      ? []
      : [`${subscription.name}: ${subscription.service} is no service`]),
    ...doubled(subscription.to.map(({ type }) => type)).map(
      (type) => `${subscription.name} lists ${type} twice`,
    ),
    ...subscription.to.flatMap((contract) => listeningViolations(contracts, subscription, contract)),
  ]),
  ...contracts
    .filter(({ kind }) => kind === 'command')
    .map((contract) => ({ contract, handlers: subscriptions.filter(({ to }) => to.includes(contract)) }))
    .filter(({ handlers }) => handlers.length !== 1)
    .map(
      ({ contract, handlers }) =>
        `${contract.type}: a command has one subscription, it has ${handlers.length}`,
    ),
];

const listeningViolations = (
  contracts: readonly Contract[],
  { name, service }: Subscription,
  contract: Contract,
): string[] => [
  ...(contracts.includes(contract) ? [] : [`${name}: ${contract.type} is not registered`]),
  ...(contract.kind === 'event' || contract.owner === service
    ? []
    : [`${name}: only ${contract.owner} handles ${contract.type}`]),
];

const doubled = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];
