import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reserve } from './ports.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emporium-ports-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a port is reserved once', () => {
  expect([reserve(15_001, folder), reserve(15_001, folder), reserve(15_002, folder)]).toEqual([
    true,
    false,
    true,
  ]);
});

test('the reservation of a process that has ended is removed, and that of one that writes it is kept', () => {
  writeFileSync(join(folder, '15001'), '2147483646');
  expect([reserve(15_001, folder), reserve(15_001, folder)]).toEqual([false, true]);
  writeFileSync(join(folder, '15002'), '');
  expect([reserve(15_002, folder), reserve(15_002, folder)]).toEqual([false, false]);
});

test('a shop starts where nothing can be written', () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  expect(reserve(15_001, join(file, 'below'))).toBe(true);
});
