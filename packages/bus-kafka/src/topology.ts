import type { Topology, TopologyChange } from '@emporium/bus';
import type { Registry, Subscription } from '@emporium/contracts';
import {
  bindingsOf,
  nameOfBinding,
  nameOfSubscription,
  nameOfTopic,
  topicsFor,
  topicsOf,
  type Wanted,
} from './layout.ts';
import { recordTopic, topicsRead } from './names.ts';
import { commitFor, committedOf, type Ends, endsOf } from './offsets.ts';
import { excessIn, prune, unwantedIn } from './prune.ts';
import type { Tools } from './tools.ts';
import { partitionsOf } from './topics.ts';

/** Makes sure that the subscription is there, and listens to what it is to listen to. Never takes anything away. */
export const declare = async (tools: Tools, subscription: Subscription): Promise<void> => {
  await tools.topics.ensure([recordTopic, ...topicsFor(subscription)]);
  await tools.record.refresh();
  await add(tools, [subscription]);
};

export const createTopology = (tools: Tools, registry: Registry): Topology => {
  const { connection, topics, record } = tools;
  const wanted = topicsOf(registry);

  const missingTopics = async (): Promise<string[]> => {
    topics.forget(wanted); // somebody may have pruned
    return topics.missing(wanted);
  };

  return {
    diff: () =>
      connection.patiently(async () => {
        const missing = await missingTopics();
        await record.refresh();
        const { subscriptions } = registry;
        return [
          ...missing.map((topic) => change('create', nameOfTopic(topic))),
          ...missingFrom(tools, subscriptions).map(({ name }) => change('create', nameOfSubscription(name))),
          ...unboundIn(tools, subscriptions).map((one) => change('create', nameOfBinding(one))),
          ...(await conflictsOf(tools, registry, missing)),
          ...excessIn(tools, registry).map((one) => change('remove', nameOfBinding(one))),
          ...unwantedIn(tools, registry).map(({ name }) => change('remove', nameOfSubscription(name))),
        ];
      }),

    apply: () =>
      connection.patiently(async () => {
        const created = await missingTopics();
        await topics.ensure(wanted);
        await record.refresh();
        const added = await add(tools, registry.subscriptions);
        return [...created.map((topic) => change('create', nameOfTopic(topic))), ...added];
      }),

    prune: () =>
      connection.patiently(async () => {
        await record.refresh();
        return prune(tools, registry);
      }),
  };
};

/** A new subscription begins at the end of every log that it reads, and that is committed before anybody publishes to it. */
const add = async (tools: Tools, subscriptions: readonly Subscription[]): Promise<TopologyChange[]> => {
  const { connection, record } = tools;
  const missing = missingFrom(tools, subscriptions);
  const unbound = unboundIn(tools, subscriptions);
  if (missing.length + unbound.length === 0) return [];
  const read = new Set([...missing.flatMap(readBy), ...unbound.map(({ topic }) => topic)]);
  const ends = await endsOf(connection, [...read]);
  await record.add(
    missing.map((subscription) => {
      const { name, service, ordered, retry } = subscription;
      return {
        name,
        service,
        ordered,
        retry,
        from: Object.fromEntries(readBy(subscription).map((topic) => [topic, ends[topic] ?? []])),
      };
    }),
    unbound.map((one) => ({ ...one, from: ends[one.topic] ?? [] })),
  );
  await Promise.all(missing.map(({ name }) => commitBeginning(tools, name)));
  return [
    ...missing.map(({ name }) => change('create', nameOfSubscription(name))),
    ...unbound.map((one) => change('create', nameOfBinding(one))),
  ];
};

const readBy = (subscription: Subscription): string[] =>
  topicsRead(
    subscription,
    bindingsOf(subscription).map(({ topic }) => topic),
  );

/** Of several processes that create it at once the first one's beginning counts, and all of them commit that. */
const commitBeginning = async ({ connection, record }: Tools, name: string): Promise<void> => {
  const from: Ends = Object.fromEntries(
    Object.entries(record.bindings.subscription(name)?.from ?? {}).map(([topic, offsets]) => [
      topic,
      [...offsets],
    ]),
  );
  const committed = await committedOf(connection, name, from);
  if (committed.some(({ offset }) => offset >= 0)) return; // somebody has, and may have gone on
  try {
    await commitFor(connection, name, from);
  } catch (error) {
    // It has members already, who begin where the record says.
    if (!hasMembers(error)) throw error;
  }
};

const hasMembers = (error: unknown): boolean =>
  error instanceof Error &&
  'type' in error &&
  ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'].includes(String(error.type));

const missingFrom = ({ record }: Tools, subscriptions: readonly Subscription[]): Subscription[] =>
  subscriptions.filter(({ name }) => record.bindings.subscription(name) === undefined);

const unboundIn = ({ record }: Tools, subscriptions: readonly Subscription[]): Wanted[] =>
  subscriptions.flatMap((subscription) =>
    bindingsOf(subscription).filter(({ type }) => !record.bindings.listens(subscription.name, type)),
  );

const conflictsOf = async (
  { connection, record }: Tools,
  registry: Registry,
  missing: readonly string[],
): Promise<TopologyChange[]> => {
  const present = topicsOf(registry).filter((topic) => !missing.includes(topic));
  const { topics } = await connection.admin((admin) => admin.fetchTopicMetadata({ topics: present }));
  const partitions = topics
    .filter(({ name, partitions: found }) => found.length !== partitionsOf(name))
    .map(({ name, partitions: found }) =>
      change('conflict', nameOfTopic(name), `it has ${found.length} partitions, and is used with them`),
    );
  const order = registry.subscriptions
    .filter(({ name, ordered }) => (record.bindings.subscription(name)?.ordered ?? ordered) !== ordered)
    .map(({ name, ordered }) =>
      change('conflict', nameOfSubscription(name), `it exists as ${ordered ? 'unordered' : 'ordered'}`),
    );
  return [...partitions, ...order];
};

const change = (action: TopologyChange['action'], what: string, detail?: string): TopologyChange => ({
  action,
  what,
  ...(detail === undefined ? {} : { detail }),
});
