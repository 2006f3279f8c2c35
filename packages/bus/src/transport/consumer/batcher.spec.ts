import { describe, expect, test, vi } from 'vitest';
import { createBatcher } from './batcher.ts';

/** Work that begins at once, records its batches, and ends when the test says so. */
const controlled = (maxItems: number) => {
  const batches: string[][] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const { add } = createBatcher<string>(
    (items) => {
      const end = Promise.withResolvers<void>();
      batches.push([...items]);
      ends.push(end);
      return end.promise;
    },
    { maxItems },
  );
  return { batches, ends, add };
};

/** All that follows without any timer or I/O. */
const microtasks = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a batch', () => {
  test('has all available items, which settle together', async () => {
    const { batches, ends, add } = controlled(10);
    const all = ['a', 'b', 'c'].map(add);
    await microtasks();
    expect(batches).toEqual([['a', 'b', 'c']]);
    ends[0]?.resolve();
    await Promise.all(all);
  });

  test('collects items while the one before is processed, and begins when that ends', async () => {
    const { batches, ends, add } = controlled(10);
    const first = add('a');
    await microtasks();
    const ended = vi.fn();
    const rest = Promise.all([add('b'), add('c')]).then(ended);
    await microtasks();
    expect(batches).toEqual([['a']]);
    ends[0]?.resolve();
    await first;
    await microtasks();
    expect(batches).toEqual([['a'], ['b', 'c']]);
    expect(ended).not.toHaveBeenCalled();
    ends[1]?.resolve();
    await rest;
  });

  test('includes items that are added when the one before ends', async () => {
    const { batches, ends, add } = controlled(10);
    for (const item of ['a', 'b']) void add(item).then(() => add(`after ${item}`));
    await microtasks();
    ends[0]?.resolve();
    await microtasks();
    expect(batches).toEqual([
      ['a', 'b'],
      ['after a', 'after b'],
    ]);
  });

  test('has no more than maxItems items, and the rest makes the next batches, in order', async () => {
    const { batches, ends, add } = controlled(2);
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(add));
    for (let batch = 0; batch < 3; batch += 1) {
      await microtasks();
      expect(batches).toHaveLength(batch + 1);
      ends[batch]?.resolve();
    }
    await all;
    expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('that fails rejects only its own items, and the next one is processed', async () => {
    const { ends, add } = controlled(2);
    const lost = new Error('the connection was lost');
    const all = Promise.allSettled(['a', 'b', 'c'].map(add));
    await microtasks();
    ends[0]?.reject(lost);
    await microtasks();
    ends[1]?.resolve();
    const failed = { status: 'rejected', reason: lost };
    expect(await all).toEqual([failed, failed, { status: 'fulfilled', value: undefined }]);
  });
});
