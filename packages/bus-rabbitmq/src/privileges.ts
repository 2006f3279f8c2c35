import {
  type Contract,
  publishersOf,
  type Registry,
  type ServiceName,
  type Subscription,
} from '@emporium/contracts';
import { deadLetters, exchangeOf, queuesOf, retryExchange, waitExchange } from './names.ts';

/** What one service may do on the broker, and nothing else: it declares nothing, and never writes the default exchange. */
export interface Privileges {
  readonly service: ServiceName;
  /** Exchanges that it publishes to. */
  readonly writes: readonly string[];
  /** Queues that it consumes. */
  readonly reads: readonly string[];
  /** For some of the exchanges above: the only wire types that it may publish there. */
  readonly types: Readonly<Record<string, readonly string[]>>;
  /** Whether it sees, in the management plugin, the queues and bindings of the virtual host: what is in them, but not the messages. */
  readonly seesQueues: boolean;
}

/**
 * The least that each service of the registry needs. The operator also consumes all dead letters, sends them back to
 * any subscription, and sees how full every queue is. A service without a contract and a subscription has no access at all.
 */
export const privilegesOf = (registry: Registry, operator: ServiceName): Privileges[] => {
  const { contracts, subscriptions } = registry;
  const services = new Set([
    ...contracts.flatMap(({ owner, senders }) => [owner, ...senders]),
    ...subscriptions.map(({ service }) => service),
    operator,
  ]);
  return [...services].map((service) => {
    const publishes = contracts.filter((contract) => publishersOf(contract).includes(service));
    const own = subscriptions.filter((subscription) => subscription.service === service);
    const replaysTo = service === operator ? subscriptions : [...own, ...filledBy(service, subscriptions)];
    return {
      service,
      writes: distinct([
        ...publishes.map(exchangeOf),
        ...replaysTo.map((subscription) => retryExchange(subscription.service)),
        ...(own.length === 0 ? [] : [waitExchange(service), deadLetters]),
      ]),
      reads: [...own.flatMap(queuesOf), ...(service === operator ? [deadLetters] : [])],
      types: typesByExchange(publishes),
      seesQueues: service === operator,
    };
  });
};

/** The subscriptions to which the service may publish its history. */
const filledBy = (service: ServiceName, subscriptions: readonly Subscription[]): readonly Subscription[] =>
  subscriptions.filter(({ backfill, to }) => backfill && to.some(({ owner }) => owner === service));

const typesByExchange = (contracts: readonly Contract[]): Record<string, string[]> =>
  Object.fromEntries(
    [...Map.groupBy(contracts, exchangeOf)].map(([exchange, group]) => [
      exchange,
      group.map(({ type }) => type),
    ]),
  );

const distinct = (names: readonly string[]): string[] => [...new Set(names)];
