import type { TransportMessage } from '@emporium/bus';
import type { Reply } from './link.ts';

/** A message in a stream: its fields are `about`, `body`, and `attempt` after the first one. */
export interface Entry extends TransportMessage {
  /** Its place in the stream: `<milliseconds>-<number>`. */
  readonly entry: string;
  /** For people: stream and place. */
  readonly position: string;
  /** Of an ordered subscription; 0 otherwise. */
  readonly partition: number;
  readonly attempt: number;
  readonly letter: Letter | undefined;
}

/** What a dead letter adds to its message. */
export interface Letter {
  readonly subscription: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly failedAt: string;
}

/** `[[entry, [name, value, …]], …]`, as XRANGE, XAUTOCLAIM and each stream of XREAD have it. What was deleted meanwhile is left out. */
export const entriesOf = (reply: Reply | undefined, stream: string, partition = 0): Entry[] =>
  listOf(reply).flatMap((one) => {
    const [entry, fields] = listOf(one);
    return Array.isArray(fields) && Buffer.isBuffer(entry)
      ? entryOf(entry.toString(), fields, { stream, partition })
      : [];
  });

export const listOf = (reply: Reply | undefined): readonly Reply[] => (Array.isArray(reply) ? reply : []);

const entryOf = (
  entry: string,
  fields: readonly Reply[],
  { stream, partition }: { readonly stream: string; readonly partition: number },
): Entry => {
  let about: About = unknown;
  let body: Buffer = empty;
  let attempt = 1;
  let letter: Letter | undefined;
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name, value] = [fields[index], fields[index + 1]];
    if (!Buffer.isBuffer(name) || !Buffer.isBuffer(value)) continue;
    switch (name.toString()) {
      case 'about':
        about = aboutOf(value);
        break;
      case 'body':
        body = value;
        break;
      case 'attempt':
        attempt = Number(value.toString());
        break;
      case 'letter':
        letter = JSON.parse(value.toString()) as Letter; // written by `letterOf`
        break;
    }
  }
  const { id = entry, type, key } = about;
  return { entry, position: `${stream}/${entry}`, partition, id, type, key, body, attempt, letter };
};

/** Few fields, because each costs the client as much as the rest of a small message. */
export const aboutText = ({ id, type, key }: TransportMessage): string => JSON.stringify({ id, type, key });

interface About {
  readonly id: string | undefined;
  readonly type: string;
  readonly key: string;
}

/** What somebody else put into the stream ends among the dead letters, by its body. */
const aboutOf = (value: Buffer): About => {
  try {
    const { id, type, key }: Readonly<Record<string, unknown>> = JSON.parse(value.toString());
    return typeof id === 'string' && typeof type === 'string' && typeof key === 'string'
      ? { id, type, key }
      : unknown;
  } catch {
    return unknown;
  }
};

const unknown: About = { id: undefined, type: '', key: '' };

const empty = Buffer.alloc(0);
