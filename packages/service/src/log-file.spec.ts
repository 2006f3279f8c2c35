import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogFile } from './log-file.ts';

/** What is left on the disk. */
const room = vi.hoisted(() => ({ bytes: Number.POSITIVE_INFINITY }));
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const writeSync = (descriptor: number, text: string): number => {
    if (room.bytes === 0) throw new Error('ENOSPC: no space left on device, write');
    return fs.writeSync(descriptor, Buffer.from(text).subarray(0, room.bytes));
  };
  return { ...fs, writeSync };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emporium-log-file-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const read = (name: string): string[] => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');

test('a full file is kept under the next number, the oldest is removed, and no line is split', () => {
  const file = join(folder, 'logs', 'order.log');
  const log = createLogFile({ file, maxBytes: 100, keep: 2 });
  for (let index = 0; index < 70; index += 1) log.write(`line ${String(index).padStart(4, '0')}\n`);
  expect(readdirSync(join(folder, 'logs')).toSorted()).toEqual(['order.1.log', 'order.2.log', 'order.log']);
  const kept = ['order.2.log', 'order.1.log', 'order.log'].flatMap((name) => read(join('logs', name)));
  expect(kept).toHaveLength(30);
  expect(kept[0]).toBe('line 0040');
  expect(kept.at(-1)).toBe('line 0069');
});

test('a file that is there is continued', () => {
  const file = join(folder, 'order.log');
  createLogFile({ file }).write('a long line of yesterday\n');
  createLogFile({ file }).write('today\n');
  expect(read('order.log')).toEqual(['a long line of yesterday', 'today']);
});

test('lines that cannot be written are counted, and reported when they can again', () => {
  const reports: unknown[] = [];
  const file = join(folder, 'order.log');
  rmSync(folder, { recursive: true });
  createLogFile({ file: folder, maxBytes: 10 }).write('a file where the folder should be\n');
  const log = createLogFile({ file, onLoss: (lost, reason) => reports.push([lost, reason]) });
  log.write('one\n');
  log.write('two\n');
  rmSync(folder);
  log.write('three\n');
  expect(reports).toEqual([[2, expect.stringMatching(/EEXIST|ENOTDIR/)]]);
  expect(read('order.log')).toEqual(['three']);
});

test('a line that is written in part, as on a full disk, is counted, and the next one begins on a line of its own', () => {
  const reports: unknown[] = [];
  const file = join(folder, 'order.log');
  const log = createLogFile({ file, onLoss: (lost, reason) => reports.push([lost, reason]) });
  log.write('one\n');
  room.bytes = 4;
  log.write('two, of which there is a part\n');
  room.bytes = 0;
  log.write('three\n');
  room.bytes = Number.POSITIVE_INFINITY;
  log.write('four\n');
  expect(reports).toEqual([[2, expect.stringContaining('ENOSPC')]]);
  expect(read('order.log')).toEqual(['one', 'two,', 'four']);
});
