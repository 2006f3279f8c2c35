/** One line of a state: the path of a value, and how it differs from the state before. */
export interface StateLine {
  readonly path: string;
  readonly mark: 'same' | 'added' | 'changed' | 'removed';
  readonly value: string;
  /** Of a changed value. */
  readonly before?: string;
}

/** The values of two states in the order of the older one, with what is different in the newer one. */
export const stateLines = (before: object, after: object): StateLine[] => {
  const [old, current] = [valuesOf(before), valuesOf(after)];
  return [...new Set([...old.keys(), ...current.keys()])].map((path): StateLine => {
    const [known, value] = [old.get(path), current.get(path)];
    if (value === undefined) return { path, mark: 'removed', value: known ?? '' };
    if (known === undefined) return { path, mark: 'added', value };
    return known === value ? { path, mark: 'same', value } : { path, mark: 'changed', value, before: known };
  });
};

/** Each value by its path, such as `total` or `before.status`; an entry of a list is one value. */
const valuesOf = (state: object, prefix = ''): Map<string, string> =>
  new Map(
    Object.entries(state).flatMap(([key, value]: [string, unknown]): [string, string][] => {
      const path = `${prefix}${key}`;
      if (Array.isArray(value)) return value.map((entry, index) => [`${path}[${index}]`, textOf(entry)]);
      if (isPlain(value) && !isMoney(value)) return [...valuesOf(value, `${path}.`)];
      return value === undefined ? [] : [[path, textOf(value)]];
    }),
  );

const isPlain = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isMoney = (value: object): value is { amount: number; currency: string } =>
  'amount' in value && 'currency' in value && Object.keys(value).length === 2;

/** `sku MUG-1, quantity 2, unitPrice 1250 EUR` for an object. */
export const textOf = (value: unknown): string => {
  if (!isPlain(value)) return String(value);
  if (Array.isArray(value)) return value.map(textOf).join('; ');
  if (isMoney(value)) return `${value.amount} ${value.currency}`;
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${textOf(inner)}`)
    .join(', ');
};
