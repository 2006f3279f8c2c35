import { attemptFrom, type TransportMessage } from '@emporium/bus';
import { headerPrefix } from '@emporium/bus/transport';
import type { Reply } from './client.ts';

/**
 * The fields of an entry. Others may write into a stream: a field of any other name means nothing, and of a field that is there
 * twice the first counts. `about` is left out by others, `attempt` for the first attempt.
 */
export const fieldNames = {
  body: 'body',
  about: `${headerPrefix}about`,
  attempt: `${headerPrefix}attempt`,
  letter: `${headerPrefix}letter`,
} as const;

/** A message in a stream. */
export interface Entry extends TransportMessage {
  /** Its place in the stream: `<milliseconds>-<number>`. */
  readonly entry: string;
  /** For people: stream and place. */
  readonly position: string;
  /** Of an ordered subscription; 0 otherwise. */
  readonly partition: number;
  readonly attempt: number;
  /** Of a dead letter, as it is stored. */
  readonly letter: Buffer | undefined;
}

/** `[[entry, [name, value, …]], …]`, as XRANGE, XAUTOCLAIM and each stream of XREAD have it. What was deleted meanwhile is left out. */
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
  let letter: Buffer | undefined;
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
      case fieldNames.letter:
        letter ??= value;
        break;
    }
  }
  const position = `${stream}/${entry}`;
  const { id, type, key } = about === undefined ? unknown : aboutOf(about);
  return {
    entry,
    position,
    partition,
    // Without one of its own it is still told from all others.
    id: id || position,
    type,
    key,
    body: body ?? empty,
    attempt: attempt === undefined ? 1 : attemptFrom(attempt.subarray(0, mostDigits)),
    letter,
  };
};

/** Type, id and key in one text: each field costs the client as much as the rest of a small message. */
export const aboutText = ({ id, type, key }: TransportMessage): string =>
  `${escaped(type)} ${escaped(id)} ${key}`;

type About = Pick<TransportMessage, 'id' | 'type' | 'key'>;

/** What has another form ends among the dead letters, by its body. */
const aboutOf = (value: Buffer): About => {
  const text = value.toString('utf8', 0, mostAboutBytes);
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
const mostAboutBytes = 64 * 1024;

const mostDigits = 20;

const escaped = (text: string): string =>
  /[ %]/.test(text) ? text.replaceAll('%', '%25').replaceAll(' ', '%20') : text;

const unescaped = (text: string): string =>
  text.includes('%') ? text.replaceAll('%20', ' ').replaceAll('%25', '%') : text;

const unknown: About = { id: '', type: '', key: '' };

const empty = Buffer.alloc(0);
