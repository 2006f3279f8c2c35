import { attemptFrom, type TransportMessage } from '@emporium/bus';
import { headerPrefix } from '@emporium/bus/transport';
import type { Reply } from './client.ts';

/**
 * The fields of an entry. Entries of third parties may have others, which are ignored, or none of these; of a field that occurs
 * twice the first counts. The first attempt has no `attempt`.
 */
export const fieldNames = {
  body: 'body',
  about: `${headerPrefix}about`,
  attempt: `${headerPrefix}attempt`,
  facts: `${headerPrefix}letter`,
} as const;

/** A message in a stream. */
export interface Entry extends TransportMessage {
  /** The id of the entry: `<milliseconds>-<number>`. */
  readonly entry: string;
  /** The stream and the entry, for people. */
  readonly position: string;
  /** Of an ordered subscription; 0 otherwise. */
  readonly partition: number;
  readonly attempt: number;
  /** The facts of a dead letter, as they are stored. */
  readonly facts: Buffer | undefined;
}

/** `[[entry, [name, value, …]], …]`, as XRANGE, XAUTOCLAIM and each stream of XREAD return it. Entries that were deleted meanwhile are left out. */
export const entriesOf = (reply: Reply | undefined, stream: string, partition = 0): Entry[] => {
  const entries: Entry[] = [];
  for (const one of listOf(reply)) {
    const [entry, fields] = listOf(one);
    if (!Array.isArray(fields) || !Buffer.isBuffer(entry)) continue;
    entries.push(entryOf(entry.toString('latin1'), fields, { stream, partition }));
  }
  return entries;
};

export const listOf = (reply: Reply | undefined): readonly Reply[] => (Array.isArray(reply) ? reply : []);

const entryOf = (
  entry: string,
  fields: readonly Reply[],
  { stream, partition }: { readonly stream: string; readonly partition: number },
): Entry => {
  let about: Buffer | undefined;
  let body: Buffer | undefined;
  let attempt: Buffer | undefined;
  let facts: Buffer | undefined;
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name, value] = [fields[index], fields[index + 1]];
    if (!Buffer.isBuffer(name) || !Buffer.isBuffer(value)) continue;
    switch (name.toString('latin1')) {
      case fieldNames.about:
        about ??= value;
        break;
      case fieldNames.body:
        body ??= value;
        break;
      case fieldNames.attempt:
        attempt ??= value;
        break;
      case fieldNames.facts:
        facts ??= value;
        break;
    }
  }
  const position = `${stream}/${entry}`;
  const { id, type, key } = about === undefined ? unknown : aboutOf(about);
  return {
    entry,
    position,
    partition,
    // A message without an id, of a third party, still needs a unique one.
    id: id || position,
    type,
    key,
    body: body ?? empty,
    attempt: attempt === undefined ? 1 : attemptFrom(attempt.subarray(0, maxDigits)),
    facts,
  };
};

/** Type, id and key in one field: each further field costs the client as much as the rest of a small message. */
export const aboutText = ({ id, type, key }: TransportMessage): string =>
  `${escaped(type)} ${escaped(id)} ${key}`;

type About = Pick<TransportMessage, 'id' | 'type' | 'key'>;

/** A message whose text has another form is dead-lettered because of its body. */
const aboutOf = (value: Buffer): About => {
  const text = value.toString('utf8', 0, maxAboutBytes);
  const afterType = text.indexOf(' ');
  const afterId = text.indexOf(' ', afterType + 1);
  if (afterType < 0 || afterId < 0) return unknown;
  return {
    type: unescaped(text.slice(0, afterType)),
    id: unescaped(text.slice(afterType + 1, afterId)),
    key: text.slice(afterId + 1),
  };
};

/** More than any id, type and key of a contract. */
const maxAboutBytes = 64 * 1024;

const maxDigits = 20;

const escaped = (text: string): string =>
  /[ %]/.test(text) ? text.replaceAll('%', '%25').replaceAll(' ', '%20') : text;

const unescaped = (text: string): string =>
  text.includes('%') ? text.replaceAll('%20', ' ').replaceAll('%25', '%') : text;

const unknown: About = { id: '', type: '', key: '' };

const empty = Buffer.alloc(0);
