import type { TopologyChange } from '@emporium/bus';
import type { Registry } from '@emporium/contracts';
import { decodeProgress, type Progress } from '../consumer/progress.ts';
import { committedOf, endsOf } from '../kafkajs/offsets.ts';
import { readLog } from '../kafkajs/read-log.ts';
import { textOf, typeOf } from '../message-format.ts';
import { deadLetterGroup, deadLetterTopic, isRetryTopic, topicsRead } from '../names.ts';
import type { Tools } from '../tools.ts';
import { nameOfBinding, nameOfSubscription, nameOfTopic } from './layout.ts';
import type { Binding, Declared } from './topology-record.ts';

/** Bindings of registered subscriptions that the registry no longer has. */
export const excessIn = ({ record }: Tools, registry: Registry): Binding[] =>
  registry.subscriptions.flatMap(({ name, to }) =>
    record.bindings.of(name).filter(({ type }) => !to.some((contract) => contract.type === type)),
  );

/** Subscriptions that the registry no longer has. */
export const unwantedIn = ({ record }: Tools, registry: Registry): Declared[] =>
  record.bindings.subscriptions().filter(({ name }) => registry.subscription(name) === undefined);

/**
 * Removes what the registry no longer implies. A subscription is removed, with its group and its topic of dead letters, when no
 * consumer reads it and no message waits for it. The owners' topics stay: others may want to read them from the beginning.
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

/** Why a subscription cannot be removed, by its name. */
const reasonsToKeep = async (tools: Tools, unwanted: readonly Declared[]): Promise<Map<string, string>> => {
  const reasons = new Map<string, string>();
  if (unwanted.length === 0) return reasons;
  const names = unwanted.map(({ name }) => name);
  const { groups } = await tools.connection.admin((admin) => admin.describeGroups(names));
  for (const { groupId, members } of groups) if (members.length > 0) reasons.set(groupId, 'it has consumers');
  const idle = unwanted.filter(({ name }) => !reasons.has(name));
  for (const name of await withMessages(tools, idle)) reasons.set(name, 'messages wait for it');
  return reasons;
};

/** The progress of one subscription in one partition. */
interface Reader {
  readonly name: string;
  readonly progress: Progress;
}

/** The subscriptions that messages wait for. Each log is read once for all of them, from the first unfinished offset. */
const withMessages = async (tools: Tools, idle: readonly Declared[]): Promise<Set<string>> => {
  const { connection, record, topics } = tools;
  const readersByPartition = new Map<string, Reader[]>();
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
      readersByPartition.set(key, [
        ...(readersByPartition.get(key) ?? []),
        { name: declared.name, progress: decodeProgress(from, text) },
      ]);
    }
  }
  const found = new Set<string>();
  for (const [key, readers] of readersByPartition) {
    const [topic = '', partition] = key.split(' ');
    await findIn(tools, { topic, partition: Number(partition), readers }, found);
  }
  return found;
};

const findIn = async (
  { connection, record }: Tools,
  { topic, partition, readers }: { topic: string; partition: number; readers: readonly Reader[] },
  found: Set<string>,
): Promise<void> => {
  const isRetry = record.bindings.subscriptions().some(({ service }) => isRetryTopic(service, topic));
  let position = Math.min(...readers.map(({ progress }) => progress.offset));
  for (let end = Number.POSITIVE_INFINITY; position < end; ) {
    const part = await connection.cluster((cluster) => readLog(cluster, topic, partition, position));
    for (const raw of part.records) {
      for (const { name, progress } of readers) {
        const isFor = isRetry
          ? textOf(raw, 'to') === name
          : record.bindings.listens(name, topic) || record.bindings.listens(name, typeOf(raw) ?? topic);
        if (isFor && isUnfinished(progress, Number(raw.offset))) found.add(name);
      }
    }
    if (readers.every(({ name }) => found.has(name))) return;
    position = part.next;
    end = part.end;
  }
};

const isUnfinished = ({ offset, top, holes }: Progress, at: number): boolean =>
  at >= top ? at >= offset : holes.includes(at);

/** Deletes topics of dead letters that were all consumed. */
const removeTopics = async ({ connection, topics }: Tools, stale: readonly string[]): Promise<string[]> => {
  const candidates = stale.map(deadLetterTopic);
  topics.forget(candidates);
  const missing = await topics.missing(candidates);
  const present = candidates.filter((topic) => !missing.includes(topic));
  if (present.length === 0) return [];
  const ends = await endsOf(connection, present);
  const consumed = await committedOf(connection, deadLetterGroup, ends);
  const empty = present.filter((topic) => {
    const end = Number(ends[topic]?.[0] ?? 0);
    return end === 0 || (consumed.find((one) => one.topic === topic)?.offset ?? 0) >= end;
  });
  if (empty.length > 0) await connection.admin((admin) => admin.deleteTopics({ topics: empty }));
  topics.forget(empty);
  return empty;
};

/** A group that has never committed does not exist. */
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
