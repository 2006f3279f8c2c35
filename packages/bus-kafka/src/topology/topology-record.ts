import type { Subscription } from '@emporium/contracts';
import type { Connection } from '../connection.ts';
import { typeOfError } from '../health.ts';
import { readLog } from '../kafkajs/read-log.ts';
import { recordTopic } from '../names.ts';
import type { Publisher } from '../publisher.ts';
import type { Topics } from './topics.ts';

/** A subscription as it was declared on the broker. */
export interface Declared {
  /** A new one when it was declared again after the broker had lost it. */
  readonly id: string;
  readonly name: string;
  readonly service: Subscription['service'];
  readonly ordered: boolean;
  readonly retry: Subscription['retry'];
  /** The offset to begin at, by topic and partition. It counts until the group has committed. */
  readonly from: Readonly<Record<string, readonly string[]>>;
}

/** One type that a subscription listens to. */
export interface Binding {
  readonly subscription: string;
  readonly type: string;
  readonly topic: string;
  /** The offset to begin at, by partition. It counts until the group has committed something of the topic. */
  readonly from: readonly string[];
}

/** Identifies a binding. */
export type BindingId = Pick<Binding, 'subscription' | 'type'>;

/** Who listens to what. Kafka knows topics and groups but no types, so this is in a compacted topic of ours. */
export interface Bindings {
  subscription(name: string): Declared | undefined;
  subscriptions(): Declared[];
  /** The bindings of one subscription. */
  of(name: string): Binding[];
  /** The first offset to read of a partition that the group has committed nothing of. */
  beginning(name: string, topic: string, partition: number): number;
  listens(subscription: string, type: string): boolean;
  /** Whether any subscription listens to this type. */
  routes(type: string): boolean;
}

export interface TopologyRecord {
  /** As it was last read. */
  readonly bindings: Bindings;
  /** Whether the last read succeeded and nothing has invalidated it since. */
  isCurrent(): boolean;
  /** The broker may have lost the topic: the next read starts from its beginning. */
  invalidate(): void;
  /** Reads everything that was written before this call. */
  refresh(): Promise<Bindings>;
  /** Writes, then refreshes. Of two processes that create a subscription at once the first one's `from` counts. */
  add(subscriptions: readonly Declared[], bindings: readonly Binding[]): Promise<void>;
  remove(subscriptions: readonly string[], bindings: readonly BindingId[]): Promise<void>;
}

export const createTopologyRecord = (
  connection: Connection,
  publisher: Publisher,
  topics: Topics,
): TopologyRecord => {
  let state = createState();
  let isCurrent = false;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  /** Starts from the beginning after a failed read: the topic may have been created anew. */
  const read = async (): Promise<void> => {
    try {
      const reached = isCurrent ? state : createState();
      await readInto(reached);
      state = reached;
      isCurrent = true;
    } catch (error) {
      isCurrent = false;
      if (typeOfError(error) === 'UNKNOWN_TOPIC_OR_PARTITION') topics.forget([recordTopic]);
      throw error;
    }
  };

  const readInto = async (reached: State): Promise<void> => {
    const missing = await topics.missing([recordTopic]);
    if (missing.length > 0) return reached.clear();
    await connection.cluster(async (cluster) => {
      for (let end = Number.POSITIVE_INFINITY; reached.position < end; ) {
        const part = await readLog(cluster, recordTopic, 0, reached.position);
        for (const { key, value } of part.records) reached.apply(String(key), value?.toString());
        reached.position = part.next;
        end = part.end;
      }
    });
  };

  /** Calls during a read share the next one. */
  const refresh = (): Promise<void> => {
    if (reading === undefined) {
      reading = read().finally(() => {
        reading = undefined;
      });
      return reading;
    }
    next ??= reading
      .catch(() => {}) // its callers get the error
      .then(() => {
        next = undefined;
        return refresh();
      });
    return next;
  };

  const of = (name: string): Binding[] => [...(state.bound.get(name)?.values() ?? [])];

  const bindings: Bindings = {
    subscription: (name) => state.declared.get(name),
    subscriptions: () => [...state.declared.values()],
    of,
    beginning: (name, topic, partition) => {
      const listening = of(name).filter((binding) => binding.topic === topic);
      const begins =
        listening.length > 0
          ? listening.map(({ from }) => from)
          : [state.declared.get(name)?.from[topic] ?? []];
      return Math.min(...begins.map((offsets) => Number(offsets[partition] ?? 0)));
    },
    listens: (subscription, type) => state.bound.get(subscription)?.has(type) ?? false,
    routes: (type) => (state.readers.get(type) ?? 0) > 0,
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
    isCurrent: () => isCurrent,
    invalidate: () => {
      isCurrent = false;
    },
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

/** What was read of the topic so far. */
interface State {
  readonly declared: Map<string, Declared>;
  readonly bound: Map<string, Map<string, Binding>>;
  /** How many subscriptions listen to a type. */
  readonly readers: Map<string, number>;
  /** The first offset that was not read yet. */
  position: number;
  apply(key: string, value: string | undefined): void;
  clear(): void;
}

const createState = (): State => {
  const declared = new Map<string, Declared>();
  const bound = new Map<string, Map<string, Binding>>();
  const readers = new Map<string, number>();
  const state: State = {
    declared,
    bound,
    readers,
    position: 0,
    apply: (key, value) => {
      const [kind, name = '', type = ''] = key.split(' ');
      if (kind === 'subscription') {
        const one = parse(value, isDeclared);
        if (value === undefined) declared.delete(name);
        // Of two processes that declared it at once the first one counts.
        else if (one !== undefined && !declared.has(name)) declared.set(name, { ...one, name });
      }
      if (kind === 'binding') {
        const one = parse(value, isBinding);
        const ofName = bound.get(name) ?? new Map<string, Binding>();
        bound.set(name, ofName);
        const was = ofName.has(type) ? 1 : 0;
        if (value === undefined) ofName.delete(type);
        else if (one !== undefined && was === 0) ofName.set(type, one);
        readers.set(type, (readers.get(type) ?? 0) + (ofName.has(type) ? 1 : 0) - was);
      }
    },
    clear: () => {
      state.position = 0;
      for (const map of [declared, bound, readers]) map.clear();
    },
  };
  return state;
};

/** Ignores what is not ours. */
const parse = <T>(value: string | undefined, is: (parsed: Partial<T>) => boolean): T | undefined => {
  try {
    const parsed: unknown = JSON.parse(value ?? '');
    return typeof parsed === 'object' && parsed !== null && is(parsed) ? (parsed as T) : undefined; // as `is` has found
  } catch {
    return undefined;
  }
};

const isDeclared = ({ service, ordered, retry, from }: Partial<Declared>): boolean =>
  typeof service === 'string' &&
  typeof ordered === 'boolean' &&
  typeof retry?.maxDelayMs === 'number' &&
  typeof from === 'object' &&
  from !== null &&
  Object.values(from).every(areOffsets);

const isBinding = ({ subscription, type, topic, from }: Partial<Binding>): boolean =>
  [subscription, type, topic].every((text) => typeof text === 'string') && areOffsets(from);

const areOffsets = (offsets: unknown): boolean =>
  Array.isArray(offsets) && offsets.every((offset) => Number.isSafeInteger(Number(offset)));

interface Entry {
  readonly key: string;
  /** Empty: the key is deleted. */
  readonly value: string;
}

const keyOf = ({ subscription, type }: BindingId): string => `binding ${subscription} ${type}`;
