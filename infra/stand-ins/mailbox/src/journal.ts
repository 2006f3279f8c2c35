import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type StoredMail, storedMail } from './mail.ts';
import { createMemorySegment, openFileSegment, type Segment } from './segment.ts';

const mailEntry = z.object({ type: z.literal('mail'), mail: storedMail });
const entry = z.discriminatedUnion('type', [
  mailEntry,
  z.object({ type: z.literal('again'), messageId: z.string() }),
]);
export type JournalEntry = z.output<typeof entry>;

export interface EntryLocation {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
}

/**
 * An append-only log of mails as JSON lines, in two files of limited size. When the current file is full it replaces the older
 * one, whose mails are dropped. Entries survive a crash of the process, but not of the machine.
 */
export interface Journal {
  append(entry: JournalEntry): void;
  read(location: EntryLocation): StoredMail;
  clear(): void;
  close(): void;
}

export interface JournalOptions {
  /** The path of the current segment; the older one has the suffix `.old`. Without it both are in memory. */
  readonly file: string | undefined;
  /** A segment is full after this many mails or bytes. */
  readonly segmentMails: number;
  readonly segmentBytes: number;
  /** Called for each existing entry when the journal is opened, and for each new one. */
  readonly onEntry: (entry: JournalEntry, location: EntryLocation) => void;
  /** Called when a segment is dropped with all its mails. */
  readonly onDropped: (segment: Segment) => void;
}

/** An incomplete last line, left by a crash, is removed. Throws with file and line number on any other invalid line. */
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

const parse = (line: Buffer, where: string): JournalEntry => {
  try {
    return entry.parse(JSON.parse(line.toString('utf8')));
  } catch (cause) {
    throw new Error(`${where} is not a valid journal entry; move the file away to start empty`, { cause });
  }
};
