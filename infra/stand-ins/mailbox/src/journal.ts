import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Kept, kept } from './mail.ts';
import { createMemorySegment, openFileSegment, type Segment } from './segment.ts';

const mailEntry = z.object({ type: z.literal('mail'), mail: kept });
const entry = z.discriminatedUnion('type', [
  mailEntry,
  z.object({ type: z.literal('again'), messageId: z.string() }),
]);
export type Entry = z.output<typeof entry>;

/** Where the entry of a mail lies. */
export interface Place {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
}

/**
 * Every mail as a line of JSON, in two files of bounded size: when the current one is full it takes the place of the older one, whose
 * mails are gone. Nothing is ever rewritten, and the journal never grows beyond twice its bound. It is no database: what was added
 * survives the death of the process, not that of the machine.
 */
export interface Journal {
  append(entry: Entry): void;
  read(place: Place): Kept;
  clear(): void;
  close(): void;
}

export interface JournalOptions {
  /** The current segment; the older one is beside it, as `.old`. Without it both are in memory. */
  readonly file: string | undefined;
  /** Mails, and bytes, after which a segment is full. */
  readonly segmentMails: number;
  readonly segmentBytes: number;
  /** Called with each entry that is there, and then with each that is added. */
  readonly onEntry: (entry: Entry, place: Place) => void;
  /** Called when the mails of a segment are gone. */
  readonly onDropped: (segment: Segment) => void;
}

/** A last line that a crash cut short is dropped; any other line that is no entry is an error naming file and line. */
export const openJournal = ({ file, segmentMails, segmentBytes, ...callbacks }: JournalOptions): Journal => {
  const { onEntry, onDropped } = callbacks;
  let mails = 0;

  const open = (path: string | undefined): Segment => {
    mails = 0;
    const segment = path === undefined ? createMemorySegment() : openFileSegment(path);
    segment.load((line, offset, number) => {
      const each = parse(line, `${path}:${number}`);
      if (each.type === 'mail') mails += 1;
      onEntry(each, { segment, offset, length: line.length });
    });
    return segment;
  };

  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const olderFile = file === undefined ? undefined : `${file}.old`;
  let older = olderFile !== undefined && existsSync(olderFile) ? open(olderFile) : undefined;
  let current = open(file);

  const dropOlder = (): void => {
    if (older === undefined) return;
    onDropped(older);
    older.close();
  };
  const rotate = (): void => {
    dropOlder();
    if (file !== undefined && olderFile !== undefined) renameSync(file, olderFile);
    older = current;
    current = open(file);
  };

  return {
    append: (added) => {
      if (mails >= segmentMails || current.bytes >= segmentBytes) rotate();
      const line = Buffer.from(`${JSON.stringify(added)}\n`);
      const offset = current.append(line);
      if (added.type === 'mail') mails += 1;
      onEntry(added, { segment: current, offset, length: line.length - 1 });
    },
    read: ({ segment, offset, length }) =>
      mailEntry.parse(JSON.parse(segment.read(offset, length).toString('utf8', 0, length))).mail,
    clear: () => {
      dropOlder();
      onDropped(current);
      current.close();
      if (file !== undefined) rmSync(file);
      if (olderFile !== undefined) rmSync(olderFile, { force: true });
      older = undefined;
      current = open(file);
    },
    close: () => {
      older?.close();
      current.close();
    },
  };
};

const parse = (line: Buffer, where: string): Entry => {
  try {
    return entry.parse(JSON.parse(line.toString('utf8')));
  } catch (cause) {
    throw new Error(`${where} is no entry of this journal; move the file away to start empty`, { cause });
  }
};
