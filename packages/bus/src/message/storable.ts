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
  // Not recursive: the sender decides how deep the value is.
  const open: { path: string; value: unknown }[] = [{ path: '', value }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, value: inner } = next;
    if (typeof inner === 'string' && !isStorable(inner)) return { path, reason };
    if (typeof inner !== 'object' || inner === null) continue;
    for (const [key, member] of Object.entries(inner).reverse()) {
      if (!isStorable(key)) return { path, reason: `has a key that ${reason}` };
      open.push({ path: pathOf(path, key, Array.isArray(inner)), value: member });
    }
  }
  return undefined;
};

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
