/** A text that cannot be stored: its path, and the reason. */
export interface Unstorable {
  /** `data.lines[0].name`; empty for a bare text. */
  readonly path: string;
  readonly reason: string;
}

const reason = 'contains a NUL character or half of a surrogate pair';

/**
 * Finds the first text in a JSON value, keys included, that PostgreSQL cannot store as `text` or `jsonb`
 * (https://www.postgresql.org/docs/current/datatype-json.html): one with a NUL character or half of a surrogate pair.
 */
export const unstorable = (value: unknown): Unstorable | undefined => {
  if (typeof value === 'string' && !isStorable(value)) return { path: '', reason };
  // Neither recursive nor with a list of all members: the sender decides how deep the value is, and how many there are.
  const open = isContainer(value) ? [levelOf(value, '')] : [];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const { path, isArray, members } = level;
    const next = members.next();
    if (next.done === true) {
      open.pop();
      continue;
    }
    const [key, member] = next.value;
    if (!isStorable(key)) return { path, reason: `has a key that ${reason}` };
    if (typeof member === 'string' && !isStorable(member))
      return { path: pathOf(path, key, isArray), reason };
    if (isContainer(member)) open.push(levelOf(member, pathOf(path, key, isArray)));
  }
  return undefined;
};

/** An array or object on the way to the member that is looked at. */
interface Level {
  readonly path: string;
  readonly isArray: boolean;
  readonly members: Iterator<readonly [key: string, member: unknown], void>;
}

const levelOf = (container: object, path: string): Level =>
  Array.isArray(container)
    ? { path, isArray: true, members: elementsOf(container) }
    : { path, isArray: false, members: propertiesOf(container) };

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

function* elementsOf(array: readonly unknown[]): Generator<readonly [string, unknown], void> {
  for (let index = 0; index < array.length; index += 1) yield [String(index), array[index]];
}

function* propertiesOf(object: object): Generator<readonly [string, unknown], void> {
  for (const key of Object.keys(object)) yield [key, Reflect.get(object, key)];
}

/** A fast check of JSON text before `unstorable`: both kinds of character can only appear as escapes. */
export const mayBeUnstorable = (json: string): boolean => /\\u(0000|[dD][89a-fA-F])/.test(json);

/** A text that can be stored: cut to `maxLength` characters, with NUL characters and surrogate halves replaced by U+FFFD. */
export const storableText = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).toWellFormed().replaceAll('\u0000', '\uFFFD');

const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

const pathOf = (path: string, key: string, isArray: boolean): string => {
  if (isArray) return `${path}[${key}]`;
  return (path === '' ? key : `${path}.${key}`).slice(0, 200);
};
