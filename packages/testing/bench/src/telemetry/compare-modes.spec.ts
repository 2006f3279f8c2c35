import { expect, test } from 'vitest';
import { comparisons, measureInTurns } from './compare-modes.ts';
import { modes, off } from './modes.ts';

const all = [off, ...modes];

test('every mode is measured in each round, and another one is first', async () => {
  const seen: string[] = [];
  await measureInTurns(1, async ({ name }) => seen.push(name));
  const names = all.map(({ name }) => name);
  expect(seen).toEqual([...names, ...names.slice(1), names[0]]);
});

test('the first round does not count', async () => {
  let next = 0;
  const results = await measureInTurns(1, async () => {
    next += 1;
    return next;
  });
  expect([...results.values()].flat().every((value) => value > all.length)).toBe(true);
});

test('a ratio is computed within a round', () => {
  const results = new Map(all.map((mode) => [mode, mode === off ? [100, 10] : [95, 9.5]]));
  const [first] = comparisons({ what: 'handled', unit: '/s' }, results);
  expect(first).toMatchObject({ value: 95, against: { name: 'off', raw: 100, ratios: [0.95, 0.95] } });
});

test('the goal is for traces at 1 % with metrics', () => {
  expect(modes.filter(({ atLeast }) => atLeast !== undefined).map(({ name }) => name)).toEqual([
    'traces 1 %, metrics',
  ]);
});
