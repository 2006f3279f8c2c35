/** One leaf of two JSON values. `path`: `lines[0].quantity`; values are JSON. */
export interface Difference {
  readonly path: string;
  readonly kind: 'same' | 'added' | 'removed' | 'changed';
  readonly before?: string;
  readonly after?: string;
}

/** Compares two JSON values leaf by leaf, in the order of the first, then what only the second has. */
export const compare = (before: unknown, after: unknown): readonly Difference[] => {
  const old = leavesOf(before);
  const now = leavesOf(after);
  const paths = new Set([...old.keys(), ...now.keys()]);
  return [...paths].map((path) => differenceOf(path, old.get(path), now.get(path)));
};

const differenceOf = (path: string, before: string | undefined, after: string | undefined): Difference => {
  if (before === undefined) return { path, kind: 'added', ...(after === undefined ? {} : { after }) };
  if (after === undefined) return { path, kind: 'removed', before };
  return { path, kind: before === after ? 'same' : 'changed', before, after };
};

const leavesOf = (value: unknown): ReadonlyMap<string, string> => {
  const leaves = new Map<string, string>();
  const visit = (each: unknown, path: string): void => {
    const isList = Array.isArray(each);
    const entries = typeof each === 'object' && each !== null ? Object.entries(each) : [];
    if (entries.length === 0) {
      if (each !== undefined) leaves.set(path, JSON.stringify(each));
      return;
    }
    for (const [key, member] of entries) visit(member, isList ? `${path}[${key}]` : join(path, key));
  };
  visit(value, '');
  return leaves;
};

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
