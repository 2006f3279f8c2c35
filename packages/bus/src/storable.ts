/** Where a text is that cannot be stored, and why. */
export interface Unstorable {
  /** `data.lines[0].name`; empty for a bare text. */
  readonly path: string;
  readonly reason: string;
}

const reason = 'holds a NUL character or half of a surrogate pair';

/**
 * The first text in a JSON value, keys included, that PostgreSQL cannot store as `text` or `jsonb`
 * (https://www.postgresql.org/docs/current/datatype-json.html): a NUL character or half of a surrogate pair. Each attempt to
 * store it would fail alike.
 */
export const unstorable = (value: unknown): Unstorable | undefined => {
  // A loop and not a recursion: whoever sent the value decided how deep it is.
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

/** Whether the JSON text may hold what `unstorable` looks for: both can only stand there as escapes. Quick, for hot paths. */
export const mayBeUnstorable = (json: string): boolean => /\\u(0000|[dD][89a-fA-F])/.test(json);

/** The text as it can always be stored: NUL characters and surrogate halves become U+FFFD, and it is cut to `maxLength` characters. */
export const storableText = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).toWellFormed().replaceAll('\u0000', '\uFFFD');

const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

const pathOf = (path: string, key: string, isArray: boolean): string => {
  if (isArray) return `${path}[${key}]`;
  return (path === '' ? key : `${path}.${key}`).slice(0, 200);
};
