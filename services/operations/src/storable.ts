import { createHash } from 'node:crypto';

const mostCharacters = 500;

/**
 * Text from outside as PostgreSQL can store and index it: no NUL and no half of a surrogate pair, 500 characters at most.
 * Two texts that differ stay different: what is changed ends in a hash of the text it was.
 */
export const storable = (text: string): string => {
  const clean = text.toWellFormed().replaceAll('\0', '\ufffd');
  if (clean === text && text.length <= mostCharacters) return text;
  const hash = createHash('sha256').update(JSON.stringify(text)).digest('hex');
  return `${clean.slice(0, mostCharacters - hash.length - 1).toWellFormed()}~${hash}`;
};
