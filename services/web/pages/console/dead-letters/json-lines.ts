/** Where things are in a JSON text: the line of each value by its path, or the first error. */
export type JsonLines =
  | { readonly kind: 'valid'; readonly value: unknown; readonly lines: ReadonlyMap<string, number> }
  | { readonly kind: 'invalid'; readonly line: number; readonly column: number; readonly message: string };

/** `data.lines.0.sku`: as the shop names fields in its errors. */
const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const literal = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings may not have them
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const space = /[ \t\n\r]*/y;

class JsonError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Browsers word and place the errors of `JSON.parse` differently, and do not say where a value is. */
export const readJson = (text: string): JsonLines => {
  const lines = new Map<string, number>();
  let at = 0;
  let line = 1;

  const skip = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return undefined;
    at += found.length;
    for (const character of found) if (character === '\n') line += 1;
    return found;
  };
  const isAt = (character: string): boolean => {
    skip(space);
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const expected = (what: string): JsonError =>
    new JsonError(`expected ${what}${at >= text.length ? ', but the text ends' : ''}`, at);

  const value = (path: string): void => {
    skip(space);
    lines.set(path, line);
    if (isAt('{')) return members(path);
    if (isAt('[')) return items(path);
    if ((skip(string) ?? skip(literal)) === undefined) throw expected('a value');
  };
  const members = (path: string): void => {
    if (isAt('}')) return;
    do {
      skip(space);
      const name = skip(string);
      if (name === undefined) throw expected('a name in double quotes');
      if (!isAt(':')) throw expected('":"');
      value(below(path, String(JSON.parse(name))));
    } while (isAt(','));
    if (!isAt('}')) throw expected('"," or "}"');
  };
  const items = (path: string): void => {
    if (isAt(']')) return;
    let index = 0;
    do {
      value(below(path, String(index)));
      index += 1;
    } while (isAt(','));
    if (!isAt(']')) throw expected('"," or "]"');
  };

  try {
    value('');
    skip(space);
    if (at < text.length) throw expected('nothing more');
    return { kind: 'valid', value: JSON.parse(text) as unknown, lines };
  } catch (error) {
    if (error instanceof JsonError)
      return { kind: 'invalid', ...placeOf(text, error.at), message: error.message };
    return { kind: 'invalid', line, column: 1, message: 'it is nested too deeply' };
  }
};

const placeOf = (text: string, at: number): { line: number; column: number } => {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
};

/** The line of a field, or of the nearest value around it: a required field may be absent. */
export const lineOf = (field: string, lines: ReadonlyMap<string, number>): number => {
  const names = field.split('.');
  for (let count = names.length; count > 0; count -= 1) {
    const line = lines.get(names.slice(0, count).join('.'));
    if (line !== undefined) return line;
  }
  return 1;
};
