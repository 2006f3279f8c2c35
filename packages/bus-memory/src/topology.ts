import type { TopologyChange } from '@emporium/bus';
import type { Topology } from '@emporium/bus/transport';
import type { Registry, Subscription } from '@emporium/contracts';
import type { Broker } from './connection.ts';
import { createQueue, type Queue } from './queue.ts';

/** Returns the queue of the subscription. Creates it with its bindings where it is missing. */
export const declare = ({ queues }: Broker, { name, ordered, to }: Subscription): Queue => {
  const known = queues.get(name);
  if (known !== undefined) return known;
  const queue = createQueue(name, ordered);
  for (const { type } of to) queue.types.add(type);
  queues.set(name, queue);
  return queue;
};

export const createTopology = (broker: Broker, registry: Registry): Topology => {
  const { queues } = broker;
  const missing = () => registry.subscriptions.filter(({ name }) => !queues.has(name));
  const unbound = () =>
    registry.subscriptions.flatMap(({ name, to }) =>
      to.filter(({ type }) => !queues.get(name)?.types.has(type)).map(({ type }) => ({ name, type })),
    );
  const unwanted = () => [...queues.values()].filter(({ name }) => registry.subscription(name) === undefined);
  const excess = () =>
    [...queues.values()].flatMap(({ name, types }) => {
      const wanted = registry.subscription(name)?.to.map(({ type }) => type);
      return wanted === undefined
        ? []
        : [...types].filter((type) => !wanted.includes(type)).map((type) => ({ name, type }));
    });
  const conflicts = () =>
    [...queues.values()].filter(
      ({ name, ordered }) => (registry.subscription(name)?.ordered ?? ordered) !== ordered,
    );

  const additions = (): TopologyChange[] => [
    ...missing().map(({ name }) => change('create', queueNamed(name))),
    ...unbound().map((one) => change('create', binding(one))),
  ];

  return {
    diff: async () => [
      ...additions(),
      ...conflicts().map(({ name, ordered }) =>
        change('conflict', queueNamed(name), `it exists as ${ordered ? 'ordered' : 'unordered'}`),
      ),
      ...excess().map((one) => change('remove', binding(one))),
      ...unwanted().map((queue) =>
        change('remove', queueNamed(queue.name), queue.size() > 0 ? kept : undefined),
      ),
    ],
    apply: async () => {
      const changes = additions();
      for (const subscription of registry.subscriptions) {
        const queue = declare(broker, subscription);
        for (const { type } of subscription.to) queue.types.add(type);
      }
      return changes;
    },
    prune: async () => {
      const bindings = excess();
      const empty = unwanted().filter((queue) => queue.size() === 0);
      for (const { name, type } of bindings) queues.get(name)?.types.delete(type);
      for (const { name } of empty) queues.delete(name);
      return [
        ...bindings.map((one) => change('remove', binding(one))),
        ...empty.map(({ name }) => change('remove', queueNamed(name))),
      ];
    },
  };
};

const kept = 'it has messages: prune leaves it until they are handled';

const queueNamed = (name: string): string => `queue ${name}`;

const binding = ({ name, type }: { readonly name: string; readonly type: string }): string =>
  `binding ${name} <- ${type}`;

const change = (action: TopologyChange['action'], what: string, detail?: string): TopologyChange => ({
  action,
  what,
  ...(detail === undefined ? {} : { detail }),
});
