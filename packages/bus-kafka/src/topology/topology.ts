import { randomUUID } from 'node:crypto';
import type { TopologyChange } from '@emporium/bus';
import type { Topology } from '@emporium/bus/transport';
import type { Registry, Subscription } from '@emporium/contracts';
import { commitFor, committedOf, endsOf, type Offsets, startsOf } from '../kafkajs/offsets.ts';
import { recordTopic, topicsRead } from '../names.ts';
import type { Tools } from '../tools.ts';
import {
  bindingsOf,
  nameOfBinding,
  nameOfSubscription,
  nameOfTopic,
  topicsFor,
  topicsOf,
  type Wanted,
} from './layout.ts';
import { excessIn, prune, unwantedIn } from './prune.ts';
import { partitionsOf } from './topics.ts';

/** How long new topics may take until they can be used: a broker elects the leaders of hundreds of partitions. */
const applyTimeoutMs = 60_000;

/** A new topic has its leader by then, also on a busy machine. */
const leaderTimeoutMs = 10_000;

/**
 * Creates the subscription and its bindings where they are missing; never removes any. It begins with what is published from now on. One
 * that the broker has lost (`again`) goes on where it was in logs that still exist, and reads new ones from their beginning.
 */
export const declare = async (tools: Tools, subscription: Subscription, again = false): Promise<void> => {
  const { connection, topics, record } = tools;
  const created = new Set<string>();
  await connection.patiently(async () => {
    for (const topic of await topics.ensure([recordTopic, ...topicsFor(subscription)])) created.add(topic);
  });
  await connection.patiently(record.refresh, leaderTimeoutMs);
  const missing = missingIn(tools, [subscription]);
  const resumed = (read: readonly string[]) => resumptionOf(tools, subscription.name, { read, created });
  await connection.patiently(() => add(tools, missing, again ? resumed : undefined), applyTimeoutMs);
};

const resumptionOf = async (
  { connection }: Tools,
  name: string,
  { read, created }: { read: readonly string[]; created: ReadonlySet<string> },
): Promise<Offsets> => {
  const [starts, ends] = [await startsOf(connection, read), await endsOf(connection, read)];
  for (const { topic, partition, offset } of await committedOf(connection, name, ends)) {
    const first = starts[topic];
    const isThere = !created.has(topic) && offset <= Number(ends[topic]?.[partition] ?? 0);
    if (first !== undefined && isThere && offset > Number(first[partition] ?? 0))
      first[partition] = String(offset);
  }
  return starts;
};

/** Whether the subscription and its bindings are in the record as it was last read. */
export const isDeclared = (tools: Tools, subscription: Subscription): boolean => {
  const { subscriptions, bindings } = missingIn(tools, [subscription]);
  return subscriptions.length + bindings.length === 0;
};

export const createTopology = (tools: Tools, registry: Registry): Topology => {
  const { connection, topics, record } = tools;
  const wanted = topicsOf(registry);

  const missingTopics = async (): Promise<string[]> => {
    topics.forget(wanted); // another process may have pruned
    return topics.missing(wanted);
  };

  return {
    diff: () =>
      connection.patiently(async () => {
        const missing = await missingTopics();
        await record.refresh();
        return [
          ...missing.map((topic) => change('create', nameOfTopic(topic))),
          ...additions(missingIn(tools, registry.subscriptions)),
          ...(await conflictsOf(tools, registry, missing)),
          ...excessIn(tools, registry).map((one) => change('remove', nameOfBinding(one))),
          ...unwantedIn(tools, registry).map(({ name }) => change('remove', nameOfSubscription(name))),
        ];
      }),

    apply: async () => {
      const created = await connection.patiently(missingTopics);
      await connection.patiently(() => topics.ensure(wanted));
      await connection.patiently(record.refresh, leaderTimeoutMs);
      const missing = missingIn(tools, registry.subscriptions);
      await connection.patiently(() => add(tools, missing), applyTimeoutMs);
      return [...created.map((topic) => change('create', nameOfTopic(topic))), ...additions(missing)];
    },

    prune: () =>
      connection.patiently(async () => {
        await record.refresh();
        return prune(tools, registry);
      }),
  };
};

/** What is not on the broker yet. */
interface Missing {
  readonly subscriptions: readonly Subscription[];
  readonly bindings: readonly Wanted[];
}

const missingIn = ({ record }: Tools, subscriptions: readonly Subscription[]): Missing => ({
  subscriptions: subscriptions.filter(({ name }) => record.bindings.subscription(name) === undefined),
  bindings: subscriptions.flatMap((subscription) =>
    bindingsOf(subscription).filter(({ type }) => !record.bindings.listens(subscription.name, type)),
  ),
});

const additions = ({ subscriptions, bindings }: Missing): TopologyChange[] => [
  ...subscriptions.map(({ name }) => change('create', nameOfSubscription(name))),
  ...bindings.map((one) => change('create', nameOfBinding(one))),
];

/** Records them, and commits where a new subscription begins in every log that it reads. Repeatable. */
const add = async (
  tools: Tools,
  { subscriptions, bindings }: Missing,
  beginningsOf: (read: readonly string[]) => Promise<Offsets> = (read) => endsOf(tools.connection, read),
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

/** Of several processes that create it at once, all commit the beginning of the first one. */
const commitBeginning = async ({ connection, record }: Tools, name: string): Promise<void> => {
  const from: Offsets = Object.fromEntries(
    Object.entries(record.bindings.subscription(name)?.from ?? {}).map(([topic, offsets]) => [
      topic,
      [...offsets],
    ]),
  );
  const committed = await committedOf(connection, name, from);
  if (committed.some(({ offset }) => offset >= 0)) return; // another process has, and the group may have gone on
  try {
    await commitFor(connection, name, from);
  } catch (error) {
    // The members that it already has begin where the record says.
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
