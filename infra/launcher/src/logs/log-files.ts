import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { rotatedFile } from '@emporium/service/log-schema';

/** The names of the processes with a log file in the folder. */
export const processesIn = (folder: string): readonly string[] =>
  namesIn(folder)
    .flatMap((name) => /^(.+?)(?:\.\d+)?\.log$/.exec(name)?.[1] ?? [])
    .filter((name, index, all) => all.indexOf(name) === index)
    .toSorted();

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};

/** Reads the lines of one process from all its files, and later those that were added. */
export interface LogReader {
  /** Yields what was written since the last call, in order, in chunks of lines. */
  readonly read: () => Generator<readonly string[]>;
  /** What follows the last line end: a line that is being written, or was cut off by a crash. */
  readonly rest: () => string;
  readonly close: () => void;
}

const chunkBytes = 256 * 1_024;
/** The longest line, in characters; what is longer is divided. */
const maxLine = 1_048_576;
/** More full files than a service keeps. */
const maxAge = 9;

interface OpenFile {
  readonly descriptor: number;
  readonly inode: number;
}

/**
 * Finds the files of a process again when they were renamed, by their inode numbers: a file that was full while it was read is read
 * to its end, then those that were started after it. A file that was truncated is read from its beginning.
 */
export const createLogReader = (folder: string, process: string): LogReader => {
  const file = join(folder, `${process}.log`);
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let decoder = new StringDecoder('utf8');
  let current: OpenFile | undefined;
  let offset = 0;
  let partial = '';

  const begin = (next: OpenFile): void => {
    if (current !== undefined) closeSync(current.descriptor);
    current = next;
    offset = 0;
  };

  /** What was cut off at the end of a file is a line of its own. */
  function* endOfFile(): Generator<readonly string[]> {
    const rest = partial + decoder.end();
    partial = '';
    decoder = new StringDecoder('utf8');
    if (rest !== '') yield [rest];
  }

  function* readToEnd({ descriptor }: OpenFile): Generator<readonly string[]> {
    if (fstatSync(descriptor).size < offset) {
      yield* endOfFile();
      offset = 0;
    }
    for (;;) {
      const bytes = readSync(descriptor, buffer, 0, chunkBytes, offset);
      if (bytes === 0) return;
      offset += bytes;
      const lines = (partial + decoder.write(buffer.subarray(0, bytes))).split('\n');
      partial = lines.pop() ?? '';
      if (partial.length > maxLine) {
        lines.push(partial);
        partial = '';
      }
      yield lines;
    }
  }

  return {
    *read() {
      const newer = openNewer(file, current?.inode);
      try {
        if (current !== undefined) yield* readToEnd(current);
        while (newer.length > 0) {
          if (current !== undefined) yield* endOfFile();
          const next = newer.shift();
          if (next === undefined) break;
          begin(next);
          yield* readToEnd(next);
        }
      } finally {
        for (const { descriptor } of newer) closeSync(descriptor); // the caller has stopped
      }
    },
    rest: () => partial,
    close: () => {
      if (current !== undefined) closeSync(current.descriptor);
      current = undefined;
    },
  };
};

/**
 * Opens the files that were started after the given one, the oldest first; all of them when it is not there. They are opened from the
 * newest to the oldest: a file that is renamed meanwhile is then seen twice, and not missed.
 */
const openNewer = (file: string, inode: number | undefined): OpenFile[] => {
  const found: OpenFile[] = [];
  for (let age = 0; age <= maxAge; age += 1) {
    const opened = openIfThere(age === 0 ? file : rotatedFile(file, age));
    if (opened === undefined) continue; // while files are renamed, one may be missing between others
    if (opened.inode === inode) {
      closeSync(opened.descriptor);
      break;
    }
    if (found.some((each) => each.inode === opened.inode)) closeSync(opened.descriptor);
    else found.unshift(opened);
  }
  return found;
};

const openIfThere = (file: string): OpenFile | undefined => {
  try {
    const descriptor = openSync(file, 'r');
    return { descriptor, inode: fstatSync(descriptor).ino };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};
