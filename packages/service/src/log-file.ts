import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { countLostLine } from './metrics.ts';

export interface LogFileOptions {
  /** `order.log`; when it is full it becomes `order.1.log`, that one `order.2.log`, and so on. */
  readonly file: string;
  /** The size at which it is full, in bytes; 16 MiB by default. */
  readonly maxBytes?: number;
  /** How many full files are kept; 3 by default. */
  readonly keep?: number;
  /** Called when lines can be written again, after some were lost because the disk was full, for example. */
  readonly onLoss?: (lost: number, reason: string) => void;
  /** Writes to a file descriptor, and returns how many bytes were written; `writeSync` of `node:fs` by default. */
  readonly write?: (descriptor: number, text: string) => number;
}

/** A file of log lines, bounded in size. Lines are written synchronously, so that a crash loses none. It never throws. */
export const createLogFile = ({
  file,
  maxBytes = 16 * 1_048_576,
  keep = 3,
  onLoss,
  write = writeSync,
}: LogFileOptions) => {
  let descriptor: number | undefined;
  let size = 0;
  let lost = 0;
  let reason = '';
  /** The last line was written in part: the disk was full. */
  let isCut = false;

  const open = (): number => {
    mkdirSync(dirname(file), { recursive: true });
    const opened = openSync(file, 'a');
    size = fstatSync(opened).size;
    return opened;
  };

  const rotate = (full: number): void => {
    descriptor = undefined;
    isCut = false;
    closeSync(full);
    for (let age = keep - 1; age >= 1; age -= 1)
      renameIfThere(rotatedFile(file, age), rotatedFile(file, age + 1));
    renameIfThere(file, rotatedFile(file, 1));
  };

  return {
    write: (line: string): void => {
      try {
        descriptor ??= open();
        if (size >= maxBytes) {
          rotate(descriptor);
          descriptor = open();
        }
        const text = isCut ? `\n${line}` : line;
        const written = write(descriptor, text);
        size += written;
        isCut = written < Buffer.byteLength(text);
        if (isCut) throw new Error('ENOSPC: a line was written in part');
      } catch (error) {
        lost += 1;
        countLostLine();
        reason = error instanceof Error ? error.message : String(error);
        return;
      }
      if (lost === 0) return;
      const count = lost;
      lost = 0;
      onLoss?.(count, reason);
    },
  };
};

/** The name of a full file: `order.2.log` is the one that was full before `order.1.log`. */
export const rotatedFile = (file: string, age: number): string =>
  `${file.endsWith('.log') ? file.slice(0, -'.log'.length) : file}.${age}.log`;

const renameIfThere = (from: string, to: string): void => {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};
