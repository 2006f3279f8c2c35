import { randomUUID } from 'node:crypto';
import type { TopologyChange } from '@emporium/bus';
import type { Topology } from '@emporium/bus/transport';
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
import { commitFor, committedOf, type Ends, endsOf, startsOf } from './offsets.ts';
import { excessIn, prune, unwantedIn } from './prune.ts';
import type { Tools } from './tools.ts';
import { partitionsOf } from './topics.ts';

/** How long new topics may take until they can be used, in milliseconds. */
const applyTimeoutMs = 60_000;

/** A topic that has just been made has its leader by then, on a busy machine as well. */
const leaderTimeoutMs = 10_000;

/**
 * Makes sure that the subscription is there, and listens to what it is to listen to. Never takes anything away. It begins with what is
 * published from now on; one that the broker has lost (`again`) goes on where it was in logs that are still there, and reads new ones from
 * their beginning: what they hold was written since.
 */
export const declare = async (tools: Tools, subscription: Subscription, again = false): Promise<void> => {
  const { connection, topics, record } = tools;
  const created = new Set<string>();
  await connection.patiently(async () => {
    for (const topic of await topics.ensure([recordTopic, ...topicsFor(subscription)])) created.add(topic);
  });
  await connection.patiently(record.refresh, leaderTimeoutMs);
  const lacking = lackingIn(tools, [subscription]);
  const resumed = (read: readonly string[]) => resumptionOf(tools, subscription.name, { read, created });
  await connection.patiently(() => add(tools, lacking, again ? resumed : undefined), applyTimeoutMs);
};

const resumptionOf = async (
  { connection }: Tools,
  name: string,
  { read, created }: { read: readonly string[]; created: ReadonlySet<string> },
): Promise<Ends> => {
  const [starts, ends] = [await startsOf(connection, read), await endsOf(connection, read)];
  for (const { topic, partition, offset } of await committedOf(connection, name, ends)) {
    const first = starts[topic];
    const isThere = !created.has(topic) && offset <= Number(ends[topic]?.[partition] ?? 0);
    if (first !== undefined && isThere && offset > Number(first[partition] ?? 0))
      first[partition] = String(offset);
  }
  return starts;
};

/** Whether the broker has all of it, as far as the record was read. */
export const isDeclared = (tools: Tools, subscription: Subscription): boolean => {
  const { subscriptions, bindings } = lackingIn(tools, [subscription]);
  return subscriptions.length + bindings.length === 0;
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
        return [
          ...missing.map((topic) => change('create', nameOfTopic(topic))),
          ...additions(lackingIn(tools, registry.subscriptions)),
          ...(await conflictsOf(tools, registry, missing)),
          ...excessIn(tools, registry).map((one) => change('remove', nameOfBinding(one))),
          ...unwantedIn(tools, registry).map(({ name }) => change('remove', nameOfSubscription(name))),
        ];
      }),

    apply: async () => {
      const created = await connection.patiently(missingTopics);
      await connection.patiently(() => topics.ensure(wanted));
      await connection.patiently(record.refresh, leaderTimeoutMs);
      const lacking = lackingIn(tools, registry.subscriptions);
      // A broker that was given hundreds of partitions leads them a while later.
      await connection.patiently(() => add(tools, lacking), applyTimeoutMs);
      return [...created.map((topic) => change('create', nameOfTopic(topic))), ...additions(lacking)];
    },

    prune: () =>
      connection.patiently(async () => {
        await record.refresh();
        return prune(tools, registry);
      }),
  };
};

/** What the broker does not have yet. */
interface Lacking {
  readonly subscriptions: readonly Subscription[];
  readonly bindings: readonly Wanted[];
}

const lackingIn = ({ record }: Tools, subscriptions: readonly Subscription[]): Lacking => ({
  subscriptions: subscriptions.filter(({ name }) => record.bindings.subscription(name) === undefined),
  bindings: subscriptions.flatMap((subscription) =>
    bindingsOf(subscription).filter(({ type }) => !record.bindings.listens(subscription.name, type)),
  ),
});

const additions = ({ subscriptions, bindings }: Lacking): TopologyChange[] => [
  ...subscriptions.map(({ name }) => change('create', nameOfSubscription(name))),
  ...bindings.map((one) => change('create', nameOfBinding(one))),
];

/** Where a new subscription begins in every log that it reads is committed before anybody publishes to it. Repeatable. */
const add = async (
  tools: Tools,
  { subscriptions, bindings }: Lacking,
  beginningsOf: (read: readonly string[]) => Promise<Ends> = (read) => endsOf(tools.connection, read),
): Promise<void> => {
  const { record } = tools;
  if (subscriptions.length + bindings.length === 0) return;
  const read = new Set([...subscriptions.flatMap(readBy), ...bindings.map(({ topic }) => topic)]);
  const ends = await beginningsOf([...read]);
  await record.add(
    subscriptions.map((subscription) => {
      const { name, service, ordered, retry } = subscription;
      const from = Object.fromEntries(readBy(subscription).map((topic) => [topic, ends[topic] ?? []]));
      return { id: randomUUID().slice(0, 8), name, service, ordered, retry, from };
    }),
    bindings.map((one) => ({ ...one, from: ends[one.topic] ?? [] })),
  );
  await Promise.all(subscriptions.map(({ name }) => commitBeginning(tools, name)));
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
