import { expect, test } from 'vitest';
import { figureOf, interleave } from './interleave.ts';

test('both sides are measured in each round, and alternate in going first', async () => {
  const seen: string[] = [];
  await interleave({ raw: 'raw', ours: 'ours' }, 2, (inTurn) =>
    inTurn(async (side) => {
      seen.push(side);
      return 0;
    }),
  );
  expect(seen).toEqual(['raw', 'ours', 'ours', 'raw', 'raw', 'ours']);
});

test('the first round warms up and does not count', async () => {
  let next = 0;
  const rounds = await interleave({ raw: 'raw', ours: 'ours' }, 2, (inTurn) =>
    inTurn(async () => {
      next += 1;
      return next;
    }),
  );
  expect(rounds).toEqual([
    { ours: 3, raw: 4 },
    { raw: 5, ours: 6 },
  ]);
});

test('a ratio is computed within a round, so that a slow minute does not change it', () => {
  const figure = figureOf({ what: 'publish', unit: '/s' }, [
    { raw: 100, ours: 90 },
    { raw: 10, ours: 9 },
    { raw: 1_000, ours: 900 },
  ]);
  expect(figure).toEqual({
    what: 'publish',
    unit: '/s',
    value: 90,
    against: { raw: 100, ratios: [0.9, 0.9, 0.9] },
  });
});
