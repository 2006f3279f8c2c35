import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * A file of JSON lines from which a development stand-in restores its state. It is not a database: what was appended survives
 * a crash of the process, but not of the machine.
 */
export interface Journal<Entry> {
  /** Returns when the operating system has the line: a response sent after that is not lost in a crash. */
  append(entry: Entry): void;
  /** Replaces the whole file with these entries, or leaves it as it was. */
  replace(entries: Iterable<Entry>): void;
  close(): void;
}

export interface JournalOptions<Entry> {
  /** When undefined, the state is kept in memory only. */
  readonly file: string | undefined;
  /** Throws when the value is not an entry. */
  readonly parse: (value: unknown) => Entry;
  /** Called with each entry of the file, in order, before `openJournal` returns. */
  readonly apply: (entry: Entry) => void;
}

/** Drops a last line that a crash cut short. Throws, with file and line number, when another line cannot be read. */
export const openJournal = <Entry>({ file, parse, apply }: JournalOptions<Entry>): Journal<Entry> => {
  if (file === undefined)
    return { append: () => undefined, replace: () => undefined, close: () => undefined };
  mkdirSync(dirname(file), { recursive: true });
  let descriptor = openSync(file, 'a');
  const { lines, length } = completeLines(readFileSync(file));
  truncateSync(file, length);
  for (const [index, line] of lines.entries()) apply(readLine(line, parse, `${file}:${index + 1}`));
  return {
    append: (entry) => {
      writeSync(descriptor, toLine(entry));
    },
    replace: (entries) => {
      const fresh = `${file}.new`;
      writeFileSync(fresh, [...entries].map(toLine).join(''));
      renameSync(fresh, file);
      closeSync(descriptor);
      descriptor = openSync(file, 'a');
    },
    close: () => closeSync(descriptor),
  };
};

const toLine = (entry: unknown): string => `${JSON.stringify(entry)}\n`;

const completeLines = (content: Buffer): { lines: string[]; length: number } => {
  const length = content.lastIndexOf('\n') + 1;
  const lines = content.toString('utf8', 0, length).split('\n').slice(0, -1);
  return { lines, length };
};

const readLine = <Entry>(line: string, parse: (value: unknown) => Entry, where: string): Entry => {
  try {
    return parse(JSON.parse(line));
  } catch (cause) {
    throw new Error(`${where} is not an entry of this journal; move the file away to start empty`, { cause });
  }
};
