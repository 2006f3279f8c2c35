import type { TopologyChange } from '@emporium/bus';
import type { Registry } from '@emporium/contracts';
import { nameOfBinding, nameOfSubscription, nameOfTopic } from './layout.ts';
import { textOf, typeOf } from './message-format.ts';
import { deadLetterGroup, deadLetterTopic, isOwnTopic, topicsRead } from './names.ts';
import { committedOf, endsOf } from './offsets.ts';
import { decodeProgress, type Progress } from './progress.ts';
import { readLog } from './read-log.ts';
import type { Tools } from './tools.ts';
import type { Binding, Declared } from './topology-record.ts';

/** What subscriptions of the registry listen to, and should no more. */
export const excessIn = ({ record }: Tools, registry: Registry): Binding[] =>
  registry.subscriptions.flatMap(({ name, to }) =>
    record.bindings.of(name).filter(({ type }) => !to.some((contract) => contract.type === type)),
  );

/** Subscriptions that the registry does not know. */
export const unwantedIn = ({ record }: Tools, registry: Registry): Declared[] =>
  record.bindings.subscriptions().filter(({ name }) => registry.subscription(name) === undefined);

/**
 * Removes what the registry implies no more. A subscription goes when nobody reads it and nothing waits for it, with its group
 * and its dead letters' topic. The owners' topics stay: others may want to read them from the beginning.
 */
export const prune = async (tools: Tools, registry: Registry): Promise<TopologyChange[]> => {
  const { connection, record } = tools;
  const excess = excessIn(tools, registry);
  const unwanted = unwantedIn(tools, registry);
  const reasons = await reasonsToKeep(tools, unwanted);
  const stale = unwanted.map(({ name }) => name).filter((name) => !reasons.has(name));
  const unbound = [...excess, ...stale.flatMap((name) => record.bindings.of(name))];
  if (unbound.length + stale.length > 0) await record.remove(stale, unbound);
  if (stale.length > 0) await connection.admin((admin) => admin.deleteGroups(stale)).catch(unlessNeverUsed);
  const emptied = await removeTopics(tools, stale);
  return [
    ...unbound.map((one) => change('remove', nameOfBinding(one))),
    ...stale.map((name) => change('remove', nameOfSubscription(name))),
    ...emptied.map((topic) => change('remove', nameOfTopic(topic))),
    ...[...reasons].map(([name, reason]) =>
      change('conflict', nameOfSubscription(name), `not removed: ${reason}`),
    ),
  ];
};

/** Why a subscription may not go, for those that may not. */
const reasonsToKeep = async (tools: Tools, unwanted: readonly Declared[]): Promise<Map<string, string>> => {
  const reasons = new Map<string, string>();
  if (unwanted.length === 0) return reasons;
  const names = unwanted.map(({ name }) => name);
  const { groups } = await tools.connection.admin((admin) => admin.describeGroups(names));
  for (const { groupId, members } of groups)
    if (members.length > 0) reasons.set(groupId, 'somebody reads it');
  const idle = unwanted.filter(({ name }) => !reasons.has(name));
  for (const name of await holding(tools, idle)) reasons.set(name, 'messages wait for it');
  return reasons;
};

/** Where one subscription is in one partition. */
interface Place {
  readonly name: string;
  readonly progress: Progress;
}

/** Those that something waits for. Each log is read once for all of them, from the first offset that one has not finished. */
const holding = async (tools: Tools, idle: readonly Declared[]): Promise<Set<string>> => {
  const { connection, record, topics } = tools;
  const places = new Map<string, Place[]>();
  for (const declared of idle) {
    const read = topicsRead(
      declared,
      record.bindings.of(declared.name).map(({ topic }) => topic),
    );
    topics.forget(read);
    const missing = await topics.missing(read);
    const ends = await endsOf(
      connection,
      read.filter((topic) => !missing.includes(topic)),
    );
    for (const { topic, partition, offset, text } of await committedOf(connection, declared.name, ends)) {
      const from = offset < 0 ? record.bindings.beginning(declared.name, topic, partition) : offset;
      if (from >= Number(ends[topic]?.[partition] ?? 0)) continue;
      const key = `${topic} ${partition}`;
      places.set(key, [
        ...(places.get(key) ?? []),
        { name: declared.name, progress: decodeProgress(from, text) },
      ]);
    }
  }
  const found = new Set<string>();
  for (const [key, readers] of places) {
    const [topic = '', partition] = key.split(' ');
    await findIn(tools, { topic, partition: Number(partition), readers }, found);
  }
  return found;
};

const findIn = async (
  { connection, record }: Tools,
  { topic, partition, readers }: { topic: string; partition: number; readers: readonly Place[] },
  found: Set<string>,
): Promise<void> => {
  const isOwn = record.bindings.subscriptions().some(({ service }) => isOwnTopic(service, topic));
  let position = Math.min(...readers.map(({ progress }) => progress.offset));
  for (let end = Number.POSITIVE_INFINITY; position < end; ) {
    const part = await connection.cluster((cluster) => readLog(cluster, topic, partition, position));
    for (const raw of part.records) {
      for (const { name, progress } of readers) {
        const isFor = isOwn
          ? textOf(raw, 'to') === name
          : record.bindings.listens(name, topic) || record.bindings.listens(name, typeOf(raw) ?? topic);
        if (isFor && isOpenAt(progress, Number(raw.offset))) found.add(name);
      }
    }
    if (readers.every(({ name }) => found.has(name))) return;
    position = part.next;
    end = part.end;
  }
};

const isOpenAt = ({ offset, top, holes }: Progress, at: number): boolean =>
  at >= top ? at >= offset : holes.includes(at);

/** Topics of dead letters that were all taken. */
const removeTopics = async ({ connection, topics }: Tools, stale: readonly string[]): Promise<string[]> => {
  const candidates = stale.map(deadLetterTopic);
  topics.forget(candidates);
  const missing = await topics.missing(candidates);
  const present = candidates.filter((topic) => !missing.includes(topic));
  if (present.length === 0) return [];
  const ends = await endsOf(connection, present);
  const taken = await committedOf(connection, deadLetterGroup, ends);
  const empty = present.filter((topic) => {
    const end = Number(ends[topic]?.[0] ?? 0);
    return end === 0 || (taken.find((one) => one.topic === topic)?.offset ?? 0) >= end;
  });
  if (empty.length > 0) await connection.admin((admin) => admin.deleteTopics({ topics: empty }));
  topics.forget(empty);
  return empty;
};

/** A group that never committed is not there. */
const unlessNeverUsed = (error: unknown): void => {
  const groups =
    error instanceof Error && 'groups' in error && Array.isArray(error.groups) ? error.groups : undefined;
  const others = groups?.filter(({ error: one }) => one?.type !== 'GROUP_ID_NOT_FOUND');
  if (others === undefined || others.length > 0) throw error;
};

const change = (action: TopologyChange['action'], what: string, detail?: string): TopologyChange => ({
  action,
  what,
  ...(detail === undefined ? {} : { detail }),
});
