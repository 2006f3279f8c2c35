import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPublished } from '../scripts/schema-files.ts';

const script = fileURLToPath(new URL('../scripts/compatibility.ts', import.meta.url));
const committed = fileURLToPath(new URL('../schemas', import.meta.url));
const placed = 'order.placed/1.json';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'schemas-'));
  cpSync(committed, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};

const edit = (change: (text: string) => string): string => {
  const before = readFileSync(join(folder, placed), 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(join(folder, placed), after);
  return after;
};

describe('the compatibility check', () => {
  test('passes with the committed schemas', () => {
    const { status, stderr, stdout } = run();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+ contracts are compatible with the published schemas\.\n$/);
  });

  test('fails, and prints what changed and what to do', () => {
    edit((text) => text.replace('"maximum": 1000000000000', '"maximum": 999'));
    const { status, stderr } = run('--schemas', folder);
    expect(stderr).toBe(
      'order.placed 1: lines[].unitPrice.amount maximum changed from 999 to 1000000000000; ' +
        'put it back, and define version 2 with an upcaster\n',
    );
    expect(status).toBe(1);
  });

  test('fails when a schema is not committed, and prints how to write it', () => {
    rmSync(join(folder, placed));
    const { status, stderr } = run('--schemas', folder);
    expect(stderr).toBe(
      'order.placed 1 is not committed; run npm run schemas in packages/contracts, and commit the result\n',
    );
    expect(status).toBe(1);
  });

  test('writes a new schema exactly as it is committed', () => {
    rmSync(join(folder, placed));
    const { status, stdout } = run('--schemas', folder, '--write');
    expect(status).toBe(0);
    expect(stdout).toContain('order.placed 1 is not committed: written\n');
    expect(readFileSync(join(folder, placed), 'utf8')).toBe(readFileSync(join(committed, placed), 'utf8'));
  });

  test('does not overwrite a file with an incompatible change', () => {
    const edited = edit((text) => text.replace('"maxItems": 100', '"maxItems": 10'));
    expect(run('--schemas', folder, '--write').status).toBe(1);
    expect(readFileSync(join(folder, placed), 'utf8')).toBe(edited);
  });

  test('removes the schema of a removed contract only if that was deprecated', () => {
    const gone = join(folder, 'order.gone');
    cpSync(join(folder, 'order.confirmed'), gone, { recursive: true });
    const rename = (text: string) => text.replaceAll('order.confirmed', 'order.gone');
    const text = rename(readFileSync(join(gone, '1.json'), 'utf8'));
    writeFileSync(join(gone, '1.json'), text);
    expect(run('--schemas', folder, '--write')).toMatchObject({
      status: 1,
      stderr:
        "order.gone 1: the contract was removed; put it back, and release it with 'deprecated: true' first\n",
    });
    writeFileSync(join(gone, '1.json'), text.replace('"deprecated": false', '"deprecated": true'));
    expect(run('--schemas', folder, '--write').status).toBe(0);
    expect(existsSync(join(gone, '1.json'))).toBe(false);
    expect(existsSync(join(folder, placed))).toBe(true);
  });

  test.each([
    ['is not JSON', '{', /1\.json is not JSON; restore it from the last commit/],
    [
      'is not a schema of a contract',
      '{}',
      /1\.json is not a schema of a contract.*restore it from the last commit/,
    ],
  ])('names a file that %s', (_, text, message) => {
    edit(() => text);
    expect(() => readPublished(folder)).toThrow(message);
  });
});

describe('the compatibility check, on contracts with a planted mistake', () => {
  const own = fileURLToPath(new URL('..', import.meta.url));
  let copy: string;
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'contracts-'));
    for (const part of ['src', 'scripts', 'schemas', 'package.json'])
      cpSync(join(own, part), join(copy, part), { recursive: true });
    symlinkSync(join(own, 'node_modules'), join(copy, 'node_modules'), 'junction');
  });
  afterEach(() => rmSync(copy, { recursive: true, force: true }));

  const plant = (file: string, text: string, instead: string) => {
    const path = join(copy, 'src', file);
    const source = readFileSync(path, 'utf8');
    expect(source).toContain(text);
    writeFileSync(path, source.replace(text, instead));
    const { status, stderr } = spawnSync(process.execPath, [join(copy, 'scripts/compatibility.ts')], {
      encoding: 'utf8',
    });
    return { status, stderr };
  };

  test('fails on a cycle of messages that nobody declared', () => {
    const { status, stderr } = plant(
      'reactions.ts',
      'leadsTo: [orderCancelled, orderParked]',
      'leadsTo: [releaseStock]',
    );
    expect(stderr).toBe(
      'The registry is wrong:\n' +
        '- inventory.release-stock -> stock.released -> inventory.release-stock: a cycle that nobody declared; ' +
        "break it, or declare its last step in 'repeats' with what ends it\n",
    );
    expect(status).toBe(1);
  });

  test.each([
    [
      'a missing upcaster',
      'upcast: { from: orderPlaced1,',
      'ignored: { from: orderPlaced1,',
      'order.placed.v2: it needs an upcaster from version 1 of order.placed',
    ],
    [
      'a missing downcast',
      'downcast: (data) => downcast',
      'ignored: (data: object) => downcast',
      'order.placed.v2: it needs a downcast to version 1',
    ],
    [
      'a field of version 2 that was renamed',
      'lines: numberedLines, grossTotal: money',
      'lines: numberedLines, gross: money',
      'order.placed 2: grossTotal was removed; put it back, and define version 3 with an upcaster',
    ],
    [
      'a field of version 1 that was added',
      'lines: pricedLines, total: money',
      'lines: pricedLines, total: money, channel: z.string()',
      'order.placed 1: channel was added, and is required; put it back, and define version 2 with an upcaster',
    ],
  ])('fails on %s', (_, text, instead, message) => {
    const { status, stderr } = plant('order-placed.ts', text, instead);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at '); // no stack trace
    expect(status).toBe(1);
  });
});
