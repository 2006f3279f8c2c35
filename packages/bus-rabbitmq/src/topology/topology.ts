import { Fault, type TopologyChange } from '@emporium/bus';
import type { Topology } from '@emporium/bus/transport';
import type { Registry } from '@emporium/contracts';
import type { ChannelModel } from 'amqplib';
import type { Config } from '../config.ts';
import { readBindings, virtualHostOf } from './bindings.ts';
import {
  type Binding,
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
 * What was applied is recorded on the broker, so that `diff` and `prune` know what is no longer implied, without the management
 * plugin. What was only declared by `subscribe` is not in the record. Where the plugin does not answer, a binding counts as
 * present when it was applied and both its ends are there.
 */
export const createTopology = (config: Config, registry: Registry): Topology => {
  const layout = layoutOf(registry);
  return {
    diff: () =>
      withTopology(config, async ({ model, previous }) => {
        const isBound = await readBindings(config);
        if (isBound === undefined) config.log.warn({}, unseenBindings);
        const present = await presentOf(model, layout, isBound ?? wasBound(previous));
        const { conflicts } = await declareAll(model, { ...present, bindings: [] });
        return [
          ...changes('create', without(layout, present)),
          ...conflictsOf(conflicts),
          ...changes('remove', without(previous, layout)),
        ];
      }).catch((error: unknown) => {
        if (!isWithoutVirtualHost(error)) throw error;
        return [missingVirtualHost(config), ...changes('create', layout)];
      }),

    apply: () =>
      withTopology(config, async ({ model, previous, replace }) => {
        const isBound = (await readBindings(config)) ?? wasBound(previous);
        const present = await presentOf(model, layout, isBound);
        const { conflicts } = await declareAll(model, layout);
        await replace(merge([previous, layout]));
        return [...changes('create', without(layout, present)), ...conflictsOf(conflicts)];
      }),

    prune: () => withTopology(config, (topology) => prune(topology, layout)),
  };
};

const unseenBindings =
  'the management plugin does not answer: bindings are taken to be there as they were applied';

/** The part of the layout that is there already. */
const presentOf = async (
  model: ChannelModel,
  layout: Declarations,
  isBound: (binding: Binding) => boolean,
): Promise<Declarations> => {
  const exchanges = await filter(layout.exchanges, ({ name }) => exchangeExists(model, name));
  const queues = await filter(layout.queues, ({ name }) => queueExists(model, name));
  const exchangeNames = new Set(exchanges.map(({ name }) => name));
  const queueNames = new Set(queues.map(({ name }) => name));
  const bindings = layout.bindings.filter(
    (binding) => exchangeNames.has(binding.exchange) && queueNames.has(binding.queue) && isBound(binding),
  );
  return { exchanges, queues, bindings };
};

const wasBound = ({ bindings }: Declarations): ((binding: Binding) => boolean) => {
  const applied = new Set(bindings.map(nameOfBinding));
  return (binding) => applied.has(nameOfBinding(binding));
};

const isWithoutVirtualHost = (error: unknown): boolean =>
  error instanceof Fault && /vhost .* not found/.test(error.message);

const missingVirtualHost = ({ url }: Config): TopologyChange => {
  const name = virtualHostOf(url);
  const detail = `it does not exist, and AMQP cannot create it: rabbitmqctl add_vhost ${name}, then set_permissions`;
  return { action: 'create', what: `virtual host ${name}`, detail };
};

const filter = async <T>(things: readonly T[], test: (thing: T) => Promise<boolean>): Promise<T[]> => {
  const kept: T[] = [];
  for (const thing of things) if (await test(thing)) kept.push(thing);
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

const conflictsOf = ({ exchanges, queues }: Conflicts): TopologyChange[] =>
  changes('conflict', { exchanges, queues, bindings: [] }).map((change) => ({
    ...change,
    detail: 'it is there with other arguments, and is used as it is',
  }));
