import type { Topology, TopologyChange } from '@emporium/bus';
import type { Registry } from '@emporium/contracts';
import type { ChannelModel } from 'amqplib';
import type { Config } from './config.ts';
import {
  type Declarations,
  merge,
  nameOfBinding,
  nameOfExchange,
  nameOfQueue,
  without,
} from './declarations.ts';
import { type Conflicts, declareAll, exchangeExists, queueExists } from './declare.ts';
import { layoutOf } from './layout.ts';
import { prune } from './prune.ts';
import { withTopology } from './topology-record.ts';

/**
 * What was applied is recorded on the broker, so that `diff` and `prune` know of bindings, and of what is implied no more,
 * without the management plugin. What was only declared by `subscribe` is not in the record.
 */
export const createTopology = (config: Config, registry: Registry): Topology => {
  const layout = layoutOf(registry);
  return {
    diff: () =>
      withTopology(config, async ({ model, previous }) => {
        const present = await presentOf(model, layout, previous);
        return [
          ...changes('create', without(layout, present)),
          ...conflicts(await declareAll(model, present)),
          ...changes('remove', without(previous, layout)),
        ];
      }),

    apply: () =>
      withTopology(config, async ({ model, previous, replace }) => {
        const present = await presentOf(model, layout, previous);
        const refused = await declareAll(model, layout);
        await replace(merge([previous, layout]));
        return [...changes('create', without(layout, present)), ...conflicts(refused)];
      }),

    prune: () => withTopology(config, (topology) => prune(topology, layout)),
  };
};

/** The part of the layout that is there already. A binding is, if it was applied and both its ends are still there. */
const presentOf = async (
  model: ChannelModel,
  layout: Declarations,
  previous: Declarations,
): Promise<Declarations> => {
  const exchanges = await filter(layout.exchanges, ({ name }) => exchangeExists(model, name));
  const queues = await filter(layout.queues, ({ name }) => queueExists(model, name));
  const applied = new Set(previous.bindings.map(nameOfBinding));
  const names = new Set([...exchanges, ...queues].map(({ name }) => name));
  const bindings = layout.bindings.filter(
    (binding) =>
      applied.has(nameOfBinding(binding)) && names.has(binding.exchange) && names.has(binding.queue),
  );
  return { exchanges, queues, bindings };
};

const filter = async <T>(things: readonly T[], holds: (thing: T) => Promise<boolean>): Promise<T[]> => {
  const kept: T[] = [];
  for (const thing of things) if (await holds(thing)) kept.push(thing);
  return kept;
};

const changes = (
  action: TopologyChange['action'],
  { exchanges, queues, bindings }: Declarations,
): TopologyChange[] =>
  [...exchanges.map(nameOfExchange), ...queues.map(nameOfQueue), ...bindings.map(nameOfBinding)].map(
    (what) => ({
      action,
      what,
    }),
  );

const conflicts = ({ exchanges, queues }: Conflicts): TopologyChange[] =>
  changes('conflict', { exchanges, queues, bindings: [] }).map((change) => ({
    ...change,
    detail: 'it is there with other arguments, and is used as it is',
  }));
