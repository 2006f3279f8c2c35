import { expect, test } from 'vitest';
import { partitionCount, partitionOf } from './partition.ts';

test.each([
  ['', 0],
  ['o-1', 2],
  ['01890a5d-ac96-774b-bcce-b302099a8057', 5],
  ['TEA-001', 6],
  ['Grüße, 漢字 🚚', 0],
])('the key %j is in partition %i, in every process and release', (key, partition) => {
  expect(partitionOf(key)).toBe(partition);
});

test('the number of partitions is part of the wire format', () => {
  expect(partitionCount).toBe(8);
});

test('keys are spread over all partitions', () => {
  const counts = new Map<number, number>();
  for (let key = 0; key < 8_000; key += 1) {
    const partition = partitionOf(`key-${key}`);
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(Math.min(...counts.values())).toBeGreaterThan(800);
});

test('the number of partitions may be another one on a broker', () => {
  expect([3, 1].map((count) => partitionOf('o-1', count) < count)).toEqual([true, true]);
  expect(partitionOf('o-1', 1)).toBe(0);
});
