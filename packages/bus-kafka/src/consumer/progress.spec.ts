import { expect, test } from 'vitest';
import { decodeProgress, encodeProgress, type Progress } from './progress.ts';

const roundTrip = (progress: Progress): Progress => decodeProgress(progress.offset, encodeProgress(progress));

test('an offset alone needs no text', () => {
  const plain: Progress = { offset: 7, top: 7, holes: [], crashes: 0 };
  expect(encodeProgress(plain)).toBe('');
  expect(roundTrip(plain)).toEqual(plain);
  expect(decodeProgress(7, null)).toEqual(plain);
});

test('holes, owner, crashes and retry survive a round trip', () => {
  const progress: Progress = {
    offset: 1_000_000,
    top: 1_002_000,
    holes: [1_000_000, 1_000_001, 1_001_500],
    owner: 'ab12',
    crashes: 3,
    retry: { attempt: 4, dueAt: 1_766_400_000_000 },
  };
  expect(roundTrip(progress)).toEqual(progress);
});

test('too many holes are cut, and no unfinished message counts as finished', () => {
  const holes = Array.from({ length: 5_000 }, (_, index) => index * 50);
  const text = encodeProgress({ offset: 0, top: 250_000, holes, crashes: 0 });
  expect(text.length).toBeLessThan(4_096);
  const { top, holes: kept } = decodeProgress(0, text);
  expect(holes.filter((hole) => hole < top)).toEqual(kept);
  expect(kept.length).toBeGreaterThan(1_000);
});

test('the metadata of another program is ignored', () => {
  expect(decodeProgress(5, 'committed by hand')).toEqual({ offset: 5, top: 5, holes: [], crashes: 0 });
  expect(decodeProgress(5, '{"t":"x"')).toEqual({ offset: 5, top: 5, holes: [], crashes: 0 });
});
