import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeMachine, type Figure, isReached, print, type Section, save } from './report.ts';

const rate: Figure = { what: 'publish', unit: '/s', value: 9_000 };
const against = { raw: 10_000, ratios: [0.8, 0.91, 0.95] };

test.each<[string, Figure, boolean | undefined]>([
  ['a figure without a goal', rate, undefined],
  ['a value at its floor', { ...rate, atLeast: 9_000 }, true],
  ['a value below its floor', { ...rate, atLeast: 9_001 }, false],
  ['a value above its ceiling', { ...rate, atMost: 8_999 }, false],
  ['the median ratio, not the value, where there is a raw side', { ...rate, against, atLeast: 0.9 }, true],
  ['a median ratio below its floor', { ...rate, against, atLeast: 0.92 }, false],
  ['a median ratio above its ceiling', { ...rate, against, atMost: 0.9 }, false],
  ['a value that is NaN', { ...rate, value: Number.NaN, atLeast: 0 }, false],
])('%s', (_, figure, reached) => {
  expect(isReached(figure)).toBe(reached);
});

const printed = (section: Section): string => {
  const written: string[] = [];
  print(section, { write: (text) => written.push(String(text)) > 0 });
  return written.join('');
};

test('a line contains the value, the raw value, the ratio with its spread, and whether the goal is reached', () => {
  const text = printed({ title: 'bus', figures: [{ ...rate, against, atLeast: 0.92 }] });
  expect(text.replaceAll(/ +/g, ' ')).toBe(
    '\nbus\n publish 9000 /s raw 10000 ratio 0.91 (0.80-0.95) at least 0.92: NO\n',
  );
});

test('a skipped or failed section has its reason', () => {
  expect(printed({ title: 'bus', figures: [], skipped: 'no server' })).toContain('skipped: no server');
  expect(printed({ title: 'bus', figures: [], failed: 'it hung' })).toContain('FAILED: it hung');
});

test('a run is saved with its machine, in a file named after its time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'emporium-bench-report-'));
  const startedAt = new Date('2026-01-02T03:04:05.678Z');
  const machine = describeMachine();
  const sections = [{ title: 'bus', figures: [{ ...rate, against, atLeast: 0.9 }] }];
  const file = await save(folder, { startedAt, machine, sections });
  expect(file).toBe(join(folder, '2026-01-02T03-04-05.678Z.json'));
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    startedAt: startedAt.toISOString(),
    machine,
    sections: [{ title: 'bus', figures: [{ ...rate, against, atLeast: 0.9, reached: true }] }],
  });
  await rm(folder, { recursive: true });
});
