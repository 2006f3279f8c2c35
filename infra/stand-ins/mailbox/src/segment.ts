import { closeSync, openSync, readSync, truncateSync, writeSync } from 'node:fs';

/** An append-only part of the journal. Lines are read by offset and length. */
export interface Segment {
  /** The size of the segment. */
  readonly bytes: number;
  /** Calls `onLine` for each complete line, with its offset and line number, and removes an incomplete one at the end. */
  load(onLine: (line: Buffer, offset: number, number: number) => void): void;
  /** Returns the offset of the line when the operating system has it, so that it survives a crash of the process. */
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

/** Returns the offset after the last complete line. Reads in chunks, since the file may be large. */
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
