import type { TransportMessage } from '@emporium/bus';
import type { Reply } from './link.ts';

/** A message in a stream. */
export interface Entry extends TransportMessage {
  /** Its place in the stream: `<milliseconds>-<number>`. */
  readonly entry: string;
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
export const entriesOf = (reply: Reply | undefined, partition = 0): Entry[] =>
  listOf(reply).flatMap((one) => {
    const [entry, fields] = listOf(one);
    return Array.isArray(fields) && Buffer.isBuffer(entry) ? entryOf(entry.toString(), fields, partition) : [];
  });

export const listOf = (reply: Reply | undefined): readonly Reply[] => (Array.isArray(reply) ? reply : []);

const entryOf = (entry: string, fields: readonly Reply[], partition: number): Entry => {
  let [id, type, key] = [entry, '', ''];
  let body: Buffer = empty;
  let attempt = 1;
  let letter: Letter | undefined;
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const value = fields[index + 1];
    if (!Buffer.isBuffer(value)) continue;
    switch (String(fields[index])) {
      case 'id':
        id = value.toString();
        break;
      case 'type':
        type = value.toString();
        break;
      case 'key':
        key = value.toString();
        break;
      case 'body':
        body = value;
        break;
      case 'attempt':
        attempt = Number(value.toString());
        break;
      case 'letter':
        letter = JSON.parse(value.toString()) as Letter; // written by `deadLetter`
        break;
    }
  }
  return { entry, partition, id, type, key, body, attempt, letter };
};

const empty = Buffer.alloc(0);
