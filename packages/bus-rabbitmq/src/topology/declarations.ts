export interface Exchange {
  readonly name: string;
  readonly type: 'topic' | 'direct' | 'headers' | 'fanout';
}

export interface Queue {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
}

export interface Binding {
  readonly queue: string;
  readonly exchange: string;
  /** The routing key; `*` stands for one word in a topic exchange. */
  readonly pattern: string;
  readonly arguments?: Readonly<Record<string, string>>;
}

/** What is to be on a broker, as values. All of it is durable. */
export interface Declarations {
  readonly exchanges: readonly Exchange[];
  readonly queues: readonly Queue[];
  readonly bindings: readonly Binding[];
}

/** How each is called in a `TopologyChange`. */
export const nameOfExchange = ({ name }: Exchange): string => `exchange ${name}`;

export const nameOfQueue = ({ name }: Queue): string => `queue ${name}`;

export const nameOfBinding = ({ queue, exchange, pattern, arguments: values = {} }: Binding): string =>
  ['binding', queue, '<-', exchange, pattern, ...Object.values(values)]
    .filter((word) => word !== '')
    .join(' ');

export const nothing: Declarations = { exchanges: [], queues: [], bindings: [] };

/** Each thing once, as it was first mentioned. */
export const merge = (parts: readonly Declarations[]): Declarations => ({
  exchanges: distinct(
    parts.flatMap(({ exchanges }) => exchanges),
    nameOfExchange,
  ),
  queues: distinct(
    parts.flatMap(({ queues }) => queues),
    nameOfQueue,
  ),
  bindings: distinct(
    parts.flatMap(({ bindings }) => bindings),
    nameOfBinding,
  ),
});

/** What the first names and the second does not. */
export const without = (all: Declarations, taken: Declarations): Declarations => ({
  exchanges: absent(all.exchanges, taken.exchanges, nameOfExchange),
  queues: absent(all.queues, taken.queues, nameOfQueue),
  bindings: absent(all.bindings, taken.bindings, nameOfBinding),
});

const distinct = <T>(things: readonly T[], nameOf: (thing: T) => string): T[] => {
  const byName = new Map<string, T>();
  for (const thing of things) if (!byName.has(nameOf(thing))) byName.set(nameOf(thing), thing);
  return [...byName.values()];
};

const absent = <T>(all: readonly T[], taken: readonly T[], nameOf: (thing: T) => string): T[] => {
  const names = new Set(taken.map(nameOf));
  return all.filter((thing) => !names.has(nameOf(thing)));
};
