/** One difference between two JSON values. */
export type Change =
  /** `path` is a JSON pointer (RFC 6901); '' is the whole value. */
  | { readonly path: string; readonly kind: 'added'; readonly after: unknown }
  | { readonly path: string; readonly kind: 'removed'; readonly before: unknown }
  | { readonly path: string; readonly kind: 'changed'; readonly before: unknown; readonly after: unknown };

/**
 * What differs between two JSON values, in the order of the first one. Objects are compared by name, lists by index; a value of
 * another type is one change. Returns `limit` changes at most.
 */
export const changesBetween = (before: unknown, after: unknown, limit: number): Change[] => {
  const changes: Change[] = [];
  // A list of what is left instead of recursion: JSON may be nested deeply.
  const pending: Pair[] = [{ path: '', before, after }];
  for (let pair = pending.pop(); pair !== undefined && changes.length < limit; pair = pending.pop()) {
    const children = childrenOf(pair);
    if (children !== undefined) pending.push(...children.reverse());
    else if (pair.before !== pair.after) changes.push(changeOf(pair));
  }
  return changes;
};

interface Pair {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Stands for a value that is not there; JSON has no undefined. */
const absent = undefined;

const changeOf = ({ path, before, after }: Pair): Change => {
  if (before === absent) return { path, kind: 'added', after };
  return after === absent ? { path, kind: 'removed', before } : { path, kind: 'changed', before, after };
};

/** Undefined unless both are lists, or both are objects. */
const childrenOf = ({ path, before, after }: Pair): Pair[] | undefined => {
  const isPair = isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after);
  if (!isPair) return undefined;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].map((name) => ({
    path: `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    before: fieldOf(before, name),
    after: fieldOf(after, name),
  }));
};

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

const fieldOf = (container: object, name: string): unknown =>
  Object.hasOwn(container, name) ? Reflect.get(container, name) : absent;
