import type { Registry, Subscription } from '@emporium/contracts';
import type { Topology, TopologyChange } from '../transport.ts';

/** What a broker must provide for the topology of its queues: one per subscription, bound to the types that it listens to. */
export interface QueueAdmin {
  list(): Promise<readonly Queue[]>;
  /** Creates the queue, or what is missing of it, without bindings. */
  create(subscription: Subscription): Promise<void>;
  bind(bindings: readonly Binding[]): Promise<void>;
  unbind(bindings: readonly Binding[]): Promise<void>;
  /** Removes the queues that may be removed now, and reports those and the ones that it left for a reason. */
  remove(names: readonly string[]): Promise<readonly Removal[]>;
}

export interface Queue {
  /** Of the subscription. */
  readonly name: string;
  readonly ordered: boolean;
  readonly types: readonly string[];
  /** True if a part of it is missing. */
  readonly incomplete?: boolean;
  /** Why `remove` would leave it. */
  readonly inUse?: string | undefined;
}

export interface Binding {
  readonly name: string;
  readonly type: string;
}

export interface Removal {
  readonly name: string;
  /** Why it was left. */
  readonly inUse?: string | undefined;
}

/** `run` runs each call as a whole, and may repeat it. */
export const createQueueTopology = (
  registry: Registry,
  admin: QueueAdmin,
  run: <T>(work: () => Promise<T>) => Promise<T>,
): Topology => ({
  diff: () =>
    run(async () => {
      const queues = await admin.list();
      return [
        ...missingFrom(queues, registry).map(({ name }) => change('create', queueNamed(name))),
        ...unboundIn(queues, registry).map((binding) => change('create', bindingNamed(binding))),
        ...conflictsIn(queues, registry),
        ...excessIn(queues, registry).map((binding) => change('remove', bindingNamed(binding))),
        ...unwantedIn(queues, registry).map(({ name, inUse }) => change('remove', queueNamed(name), inUse)),
      ];
    }),

  apply: () =>
    run(async () => {
      const queues = await admin.list();
      const missing = missingFrom(queues, registry);
      const unbound = unboundIn(queues, registry);
      for (const subscription of missing) await admin.create(subscription);
      await admin.bind(unbound);
      return [
        ...missing.map(({ name }) => change('create', queueNamed(name))),
        ...unbound.map((binding) => change('create', bindingNamed(binding))),
      ];
    }),

  prune: () =>
    run(async () => {
      const queues = await admin.list();
      const excess = excessIn(queues, registry);
      await admin.unbind(excess);
      const removals = await admin.remove(unwantedIn(queues, registry).map(({ name }) => name));
      return [
        ...excess.map((binding) => change('remove', bindingNamed(binding))),
        ...removals.map(({ name, inUse }) =>
          change(inUse === undefined ? 'remove' : 'conflict', queueNamed(name), inUse),
        ),
      ];
    }),
});

const missingFrom = (queues: readonly Queue[], { subscriptions }: Registry): Subscription[] => {
  const complete = new Set(queues.filter(({ incomplete }) => !incomplete).map(({ name }) => name));
  return subscriptions.filter(({ name }) => !complete.has(name));
};

const unboundIn = (queues: readonly Queue[], { subscriptions }: Registry): Binding[] => {
  const bound = new Map(queues.map(({ name, types }) => [name, types]));
  return subscriptions.flatMap(({ name, to }) =>
    to.filter(({ type }) => !bound.get(name)?.includes(type)).map(({ type }) => ({ name, type })),
  );
};

/** Bindings that the registry does not imply, of queues that it does. */
const excessIn = (queues: readonly Queue[], registry: Registry): Binding[] =>
  queues.flatMap(({ name, types }) => {
    const wanted = registry.subscription(name)?.to.map(({ type }) => type);
    return wanted === undefined
      ? []
      : types.filter((type) => !wanted.includes(type)).map((type) => ({ name, type }));
  });

const unwantedIn = (queues: readonly Queue[], registry: Registry): Queue[] =>
  queues.filter(({ name }) => registry.subscription(name) === undefined);

const conflictsIn = (queues: readonly Queue[], registry: Registry): TopologyChange[] =>
  queues
    .filter(({ name, ordered }) => (registry.subscription(name)?.ordered ?? ordered) !== ordered)
    .map(({ name, ordered }) =>
      change('conflict', queueNamed(name), ordered ? 'it exists as ordered' : 'it exists as unordered'),
    );

const change = (action: TopologyChange['action'], what: string, detail?: string): TopologyChange => ({
  action,
  what,
  ...(detail === undefined ? {} : { detail }),
});

const queueNamed = (name: string): string => `queue ${name}`;

const bindingNamed = ({ name, type }: Binding): string => `binding ${name} <- ${type}`;
