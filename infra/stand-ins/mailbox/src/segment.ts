import { closeSync, openSync, readSync, truncateSync, writeSync } from 'node:fs';

/** A part of the journal, which lines are only ever added to. A line is read again by where it lies. */
export interface Segment {
  /** Of all its lines. */
  readonly bytes: number;
  /** Calls back with each complete line that is there. What a crash cut short at the end is removed. */
  load(onLine: (line: Buffer, offset: number, number: number) => void): void;
  /** Returns where the line begins once the operating system has it: it survives the death of the process. */
  append(line: Buffer): number;
  read(offset: number, length: number): Buffer;
  close(): void;
}

export const openFileSegment = (file: string): Segment => {
  const descriptor = openSync(file, 'a+');
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    load: (onLine) => {
      bytes = eachLine(descriptor, onLine);
      truncateSync(file, bytes);
    },
    append: (line) => {
      const offset = bytes;
      for (let written = 0; written < line.length; )
        written += writeSync(descriptor, line, written, line.length - written);
      bytes += line.length;
      return offset;
    },
    read: (offset, length) => {
      const line = Buffer.alloc(length);
      readSync(descriptor, line, 0, length, offset);
      return line;
    },
    close: () => closeSync(descriptor),
  };
};

export const createMemorySegment = (): Segment => {
  const lines = new Map<number, Buffer>();
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    load: () => undefined,
    append: (line) => {
      const offset = bytes;
      lines.set(offset, line);
      bytes += line.length;
      return offset;
    },
    read: (offset) => lines.get(offset) ?? Buffer.alloc(0),
    close: () => lines.clear(),
  };
};

const chunkBytes = 1_024 * 1_024;
const newline = 0x0a;

/** Returns where the last complete line ends. A chunk at a time: the file may be larger than memory. */
const eachLine = (descriptor: number, onLine: Parameters<Segment['load']>[0]): number => {
  const chunk = Buffer.alloc(chunkBytes);
  let rest = Buffer.alloc(0);
  let offset = 0;
  let number = 0;
  for (let position = 0; ; ) {
    const read = readSync(descriptor, chunk, 0, chunkBytes, position);
    if (read === 0) return offset;
    position += read;
    const text = Buffer.concat([rest, chunk.subarray(0, read)]);
    let from = 0;
    for (let end = text.indexOf(newline); end >= 0; end = text.indexOf(newline, from)) {
      number += 1;
      onLine(text.subarray(from, end), offset, number);
      offset += end + 1 - from;
      from = end + 1;
    }
    rest = text.subarray(from);
  }
};
