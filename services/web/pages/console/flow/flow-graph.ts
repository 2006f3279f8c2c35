import type {
  HandledMessage,
  Queue,
  Queues,
  RegistryDocument,
  ServiceGraph,
  Subscription,
} from './sources.ts';

/** What goes from one service to another. */
export interface FlowEdge {
  /** `order~inventory`. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: 'message' | 'request';
  /** The subscriptions that it ends in; none for requests. */
  readonly lanes: readonly Lane[];
  readonly ratePerSecond: number;
  readonly errors: number;
  readonly waiting: number;
  readonly isPaused: boolean;
}

/** The part of an edge that ends in one subscription. */
export interface Lane extends Traffic {
  readonly subscription: string;
  /** The names of its contracts. */
  readonly contracts: readonly string[];
  readonly state: Subscription['state'];
  readonly pausable: boolean;
  readonly since?: string;
  readonly reason?: string;
  readonly queue?: Queue;
}

interface Traffic {
  readonly count: number;
  readonly ratePerSecond: number;
  readonly errors: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
}

export interface FlowNode {
  readonly name: string;
  readonly kind: 'service' | 'outside' | 'clients';
  readonly waiting: number;
}

export interface FlowGraph {
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
}

export interface FlowSources {
  readonly registry: RegistryDocument;
  readonly subscriptions: readonly Subscription[];
  readonly seen: ServiceGraph | undefined;
  readonly queues: Queues | undefined;
}

export interface FlowOptions {
  /** Includes the subscriptions through which services learn of pauses. */
  readonly controls: boolean;
  /** Includes requests, with the clients and what is outside of the shop. */
  readonly requests: boolean;
}

const isControl = (subscription: string): boolean => subscription.endsWith('.control');

export const edgeId = (from: string, to: string): string => `${from}~${to}`;

/** Whatever can be sent by the registry, with what was seen of it. */
export const flowGraph = (sources: FlowSources, options: FlowOptions): FlowGraph => {
  const edges = [...messageEdges(sources, options), ...(options.requests ? requestEdges(sources.seen) : [])];
  const kinds = new Map(sources.seen?.nodes.map(({ name, kind }) => [name, kind]));
  const waiting = new Map<string, number>();
  for (const { subscription, waiting: count } of sources.queues?.queues ?? []) {
    const service = sources.subscriptions.find(({ name }) => name === subscription)?.service ?? '';
    waiting.set(service, (waiting.get(service) ?? 0) + count);
  }
  const names = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const nodes = [...names].toSorted().map((name) => ({
    name,
    kind: kinds.get(name) ?? ('service' as const),
    waiting: waiting.get(name) ?? 0,
  }));
  return { nodes, edges };
};

const messageEdges = (
  { registry, subscriptions, seen, queues }: FlowSources,
  { controls }: FlowOptions,
): readonly FlowEdge[] => {
  const lanes = new Map<string, { from: string; to: string; lanes: Lane[] }>();
  for (const subscription of subscriptions) {
    if (isControl(subscription.name) && !controls) continue;
    for (const [from, contracts] of contractsBySender(registry, subscription.name)) {
      const id = edgeId(from, subscription.service);
      const edge = lanes.get(id) ?? { from, to: subscription.service, lanes: [] };
      lanes.set(id, edge);
      const queue = queues?.queues.find((each) => each.subscription === subscription.name);
      edge.lanes.push({
        subscription: subscription.name,
        contracts,
        state: subscription.state,
        pausable: subscription.pausable,
        ...(subscription.since === undefined ? {} : { since: subscription.since }),
        ...(subscription.reason === undefined ? {} : { reason: subscription.reason }),
        ...(queue === undefined ? {} : { queue }),
        ...trafficOf(seen, from, subscription),
      });
    }
  }
  return [...lanes].map(([id, edge]) => ({
    id,
    kind: 'message',
    ...edge,
    ratePerSecond: sum(edge.lanes, ({ ratePerSecond }) => ratePerSecond),
    errors: sum(edge.lanes, ({ errors }) => errors),
    waiting: sum(edge.lanes, ({ queue }) => queue?.waiting ?? 0),
    isPaused: edge.lanes.some(({ state }) => state === 'paused'),
  }));
};

const contractsBySender = (registry: RegistryDocument, subscription: string): Map<string, string[]> => {
  const senders = new Map<string, string[]>();
  for (const { name, publishers, subscriptions } of registry.messages)
    if (subscriptions.includes(subscription))
      for (const publisher of publishers) senders.set(publisher, [...(senders.get(publisher) ?? []), name]);
  return senders;
};

const trafficOf = (
  seen: ServiceGraph | undefined,
  from: string,
  { name, service }: Subscription,
): Traffic => {
  const found = seen?.edges.find((edge) => edge.via === name && edge.from === from && edge.to === service);
  if (found === undefined) return { count: 0, ratePerSecond: 0, errors: 0 };
  const { count, ratePerSecond, errors, p50Ms, p95Ms } = found;
  return { count, ratePerSecond, errors, p50Ms, p95Ms };
};

/** What is not of the registry: requests, and the tasks of a service to its worker. */
const requestEdges = (seen: ServiceGraph | undefined): readonly FlowEdge[] => {
  const edges = new Map<string, FlowEdge>();
  for (const { from, to, kind, ratePerSecond, errors } of seen?.edges ?? []) {
    if (kind !== 'request') continue;
    const id = `${edgeId(from, to)}~request`;
    const before = edges.get(id);
    edges.set(id, {
      ...{ id, from, to, kind: 'request', lanes: [], waiting: 0, isPaused: false },
      ratePerSecond: ratePerSecond + (before?.ratePerSecond ?? 0),
      errors: errors + (before?.errors ?? 0),
    });
  }
  return [...edges.values()];
};

const sum = <T>(all: readonly T[], of: (each: T) => number): number =>
  all.reduce((total, each) => total + of(each), 0);

/** The edge that a message has taken; undefined for one that the registry does not know. */
export const edgeOfMessage = (
  { type = '', subscription }: Pick<HandledMessage, 'type' | 'subscription'>,
  { edges }: FlowGraph,
): FlowEdge | undefined => {
  const name = type.replace(/\.v\d+$/, '');
  return edges.find(({ lanes }) =>
    lanes.some((lane) => lane.subscription === subscription && lane.contracts.includes(name)),
  );
};

/** `3.2/s`, or messages a minute where there are few; empty without any. */
export const rateText = (perSecond: number): string => {
  if (perSecond <= 0) return '';
  if (perSecond >= 10) return `${Math.round(perSecond)}/s`;
  if (perSecond >= 0.1) return `${perSecond.toFixed(1)}/s`;
  return `${Math.max(1, Math.round(perSecond * 60))}/min`;
};
