import type { Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { typeOfError } from './health.ts';
import { recordTopic } from './names.ts';
import type { Publisher } from './publisher.ts';
import { readLog } from './read-log.ts';
import type { Topics } from './topics.ts';

/** A subscription, as the broker has it. */
export interface Declared {
  readonly name: string;
  readonly service: Subscription['service'];
  readonly ordered: boolean;
  readonly retry: Subscription['retry'];
  /** Where it began: of each topic that it reads, the offset by partition. It counts until its group has committed. */
  readonly from: Readonly<Record<string, readonly string[]>>;
}

/** What a subscription listens to. */
export interface Binding {
  readonly subscription: string;
  readonly type: string;
  readonly topic: string;
  /** Where it began to listen, by partition. It counts until the group has committed something of the topic. */
  readonly from: readonly string[];
}

/** Names a binding. */
export type Bound = Pick<Binding, 'subscription' | 'type'>;

/** A log has topics and groups, and knows nothing of types: who listens to what is in a compacted topic of ours. */
export interface Bindings {
  subscription(name: string): Declared | undefined;
  subscriptions(): Declared[];
  /** Of one subscription. */
  of(name: string): Binding[];
  /** Where it begins to read a partition that its group has committed nothing of. */
  beginning(name: string, topic: string, partition: number): number;
  listens(subscription: string, type: string): boolean;
  /** Whether anybody takes this type. */
  routes(type: string): boolean;
}

export interface TopologyRecord {
  /** As it was last read. */
  readonly bindings: Bindings;
  /** Reads what was written before this call. */
  refresh(): Promise<Bindings>;
  /** Writes, and reads it. Of two that create a subscription at once the first one's `from` counts. */
  add(subscriptions: readonly Declared[], bindings: readonly Binding[]): Promise<void>;
  remove(subscriptions: readonly string[], bindings: readonly Bound[]): Promise<void>;
}

export const createTopologyRecord = (
  connection: Connection,
  publisher: Publisher,
  topics: Topics,
): TopologyRecord => {
  const declared = new Map<string, Declared>();
  const bound = new Map<string, Map<string, Binding>>();
  const readers = new Map<string, number>();
  let position = 0;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const apply = (key: string, value: string | undefined): void => {
    const [kind, name = '', type = ''] = key.split(' ');
    if (kind === 'subscription') {
      if (value === undefined) declared.delete(name);
      // The first one counts: who came second had not seen it.
      else if (!declared.has(name)) declared.set(name, JSON.parse(value));
    }
    if (kind === 'binding') {
      const ofName = bound.get(name) ?? new Map<string, Binding>();
      bound.set(name, ofName);
      const was = ofName.has(type) ? 1 : 0;
      if (value === undefined) ofName.delete(type);
      else if (was === 0) ofName.set(type, JSON.parse(value));
      readers.set(type, (readers.get(type) ?? 0) + (ofName.has(type) ? 1 : 0) - was);
    }
  };

  /** The topic was removed, and made anew. */
  const startAgain = (): void => {
    position = 0;
    for (const map of [declared, bound, readers]) map.clear();
  };

  const readAll = async (): Promise<void> => {
    const missing = await topics.missing([recordTopic]);
    if (missing.length > 0) return;
    await connection.cluster(async (cluster) => {
      for (let end = Number.POSITIVE_INFINITY; position < end; ) {
        const part = await readLog(cluster, recordTopic, 0, position);
        for (const { key, value } of part.records) apply(String(key), value?.toString());
        position = part.next;
        end = part.end;
      }
    });
  };

  const read = async (): Promise<void> => {
    try {
      await readAll();
    } catch (error) {
      if (typeOfError(error) === 'UNKNOWN_TOPIC_OR_PARTITION') topics.forget([recordTopic]);
      if (typeOfError(error) === 'OFFSET_OUT_OF_RANGE') startAgain();
      throw error;
    }
  };

  /** Reads that were asked for while one is under way share the one after it. */
  const refresh = (): Promise<void> => {
    if (reading === undefined) {
      reading = read().finally(() => {
        reading = undefined;
      });
      return reading;
    }
    next ??= reading
      .catch(() => {}) // told to those who asked for it
      .then(() => {
        next = undefined;
        return refresh();
      });
    return next;
  };

  const of = (name: string): Binding[] => [...(bound.get(name)?.values() ?? [])];

  const bindings: Bindings = {
    subscription: (name) => declared.get(name),
    subscriptions: () => [...declared.values()],
    of,
    beginning: (name, topic, partition) => {
      const listening = of(name).filter((binding) => binding.topic === topic);
      const begins =
        listening.length > 0 ? listening.map(({ from }) => from) : [declared.get(name)?.from[topic] ?? []];
      return Math.min(...begins.map((offsets) => Number(offsets[partition] ?? 0)));
    },
    listens: (subscription, type) => bound.get(subscription)?.has(type) ?? false,
    routes: (type) => (readers.get(type) ?? 0) > 0,
  };

  const write = async (entries: readonly Entry[]): Promise<void> => {
    const results = await publisher.publish(
      entries.map(({ key, value }) => ({
        topic: recordTopic,
        message: { id: key, type: recordTopic, key, body: Buffer.from(value) },
        tombstone: value === '',
      })),
    );
    for (const result of results) if (result.status === 'refused') throw result.error;
    await refresh();
  };

  return {
    bindings,
    refresh: async () => {
      await refresh();
      return bindings;
    },
    add: (subscriptions, added) =>
      write([
        ...subscriptions.map((one) => ({ key: `subscription ${one.name}`, value: JSON.stringify(one) })),
        ...added.map((one) => ({ key: keyOf(one), value: JSON.stringify(one) })),
      ]),
    remove: (subscriptions, removed) =>
      write([
        ...removed.map((one) => ({ key: keyOf(one), value: '' })),
        ...subscriptions.map((name) => ({ key: `subscription ${name}`, value: '' })),
      ]),
  };
};

interface Entry {
  readonly key: string;
  /** Empty: it is no more. */
  readonly value: string;
}

const keyOf = ({ subscription, type }: Bound): string => `binding ${subscription} ${type}`;
