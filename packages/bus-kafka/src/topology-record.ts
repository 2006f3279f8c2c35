import type { Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { typeOfError } from './health.ts';
import { recordTopic } from './names.ts';
import type { Publisher } from './publisher.ts';
import { readLog } from './read-log.ts';
import type { Topics } from './topics.ts';

/** A subscription, as the broker has it. */
export interface Declared {
  /** Another one when it was declared anew, because the broker had lost it. */
  readonly id: string;
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
  /** Whether the last read succeeded: else the broker may be another one since, or have lost it. */
  isSure(): boolean;
  /** The broker may have lost it: the next read begins anew. */
  doubt(): void;
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
  let state = createState();
  let isSure = false;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  /** From its beginning, unless the last read went well: the broker may have lost the topic meanwhile, and got another one. */
  const read = async (): Promise<void> => {
    try {
      const reached = isSure ? state : createState();
      await readInto(reached);
      state = reached;
      isSure = true;
    } catch (error) {
      isSure = false;
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
    isSure: () => isSure,
    doubt: () => {
      isSure = false;
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

/** What was read of the topic. */
interface State {
  readonly declared: Map<string, Declared>;
  readonly bound: Map<string, Map<string, Binding>>;
  /** How many listen to a type. */
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
        // The first one counts: who came second had not seen it.
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

/** What another program wrote there counts as nothing. */
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
  /** Empty: it is no more. */
  readonly value: string;
}

const keyOf = ({ subscription, type }: Bound): string => `binding ${subscription} ${type}`;
