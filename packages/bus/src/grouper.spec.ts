import { describe, expect, test, vi } from 'vitest';
import { createGrouper } from './grouper.ts';

type Settled = PromiseSettledResult<string>;

/** Work that records its groups, and ends when the test calls `ends`. */
const controlled = () => {
  const groups: (readonly string[])[] = [];
  const ends: ((settled?: readonly Settled[]) => void)[] = [];
  const work = (items: readonly string[]): Promise<readonly Settled[]> => {
    groups.push(items);
    return new Promise((resolve) => {
      ends.push((settled = items.map((item) => ({ status: 'fulfilled', value: item.toUpperCase() }))) =>
        resolve(settled),
      );
    });
  };
  return { groups, ends, work };
};

/** Lets every pending microtask run. */
const microtasks = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a group', () => {
  test('of one item does not wait for another item', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 10 });
    const one = add('a');
    await microtasks();
    expect(groups).toEqual([['a']]);
    ends[0]?.();
    expect(await one).toBe('A');
    vi.useRealTimers();
  });

  test('contains all items that are available', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 10 });
    const all = Promise.all(['a', 'b', 'c'].map(add));
    await microtasks();
    expect(groups).toEqual([['a', 'b', 'c']]);
    ends[0]?.();
    expect(await all).toEqual(['A', 'B', 'C']);
  });

  test('collects items while the previous group is processed, and starts when that ends', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 10 });
    const first = add('a');
    await microtasks();
    const rest = Promise.all([add('b'), add('c')]);
    await microtasks();
    expect(groups).toEqual([['a']]);
    ends[0]?.();
    await first;
    await microtasks();
    expect(groups).toEqual([['a'], ['b', 'c']]);
    ends[1]?.();
    expect(await rest).toEqual(['B', 'C']);
  });

  test('has at most `maxItems` items; the rest makes the next groups, in order', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(add));
    for (let group = 0; group < 3; group += 1) {
      await microtasks();
      expect(groups).toHaveLength(group + 1);
      ends[group]?.();
    }
    expect(await all).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(groups).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('starts at once again after everything was processed', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 2 });
    for (const [index, item] of ['a', 'b'].entries()) {
      const one = add(item);
      await microtasks();
      ends[index]?.();
      await one;
    }
    expect(groups).toEqual([['a'], ['b']]);
  });
});

describe('an item', () => {
  test('has its own result, whatever the other items of its group return', async () => {
    const { ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 10 });
    const all = Promise.allSettled(['a', 'b', 'c'].map(add));
    await microtasks();
    const reason = new Error('b is wrong');
    ends[0]?.([
      { status: 'fulfilled', value: 'A' },
      { status: 'rejected', reason },
      { status: 'fulfilled', value: 'C' },
    ]);
    expect(await all).toEqual([
      { status: 'fulfilled', value: 'A' },
      { status: 'rejected', reason },
      { status: 'fulfilled', value: 'C' },
    ]);
  });

  test('rejects with its own reason, even if that is undefined', async () => {
    const { ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 10 });
    const all = Promise.allSettled([add('a')]);
    await microtasks();
    ends[0]?.([{ status: 'rejected', reason: undefined }]);
    expect(await all).toEqual([{ status: 'rejected', reason: undefined }]);
  });

  test('without a result rejects instead of hanging', async () => {
    const { ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 10 });
    const all = Promise.allSettled(['a', 'b'].map(add));
    await microtasks();
    ends[0]?.([{ status: 'fulfilled', value: 'A' }]);
    expect(await all).toMatchObject([
      { status: 'fulfilled', value: 'A' },
      { status: 'rejected', reason: { message: 'The group returned no result for this item' } },
    ]);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('connection lost'))],
    [
      'throws',
      () => {
        throw new Error('connection lost');
      },
    ],
  ])('is rejected when the work %s as a whole, and the next group is processed', async (_, fail) => {
    const work = vi.fn(
      (items: readonly string[]): Promise<readonly Settled[]> =>
        Promise.resolve(items.map((value) => ({ status: 'fulfilled', value }))),
    );
    work.mockImplementationOnce(fail);
    const { add } = createGrouper(work, { maxItems: 2 });
    const results = await Promise.allSettled(['a', 'b', 'c'].map(add));
    expect(results).toMatchObject([
      { status: 'rejected', reason: { message: 'connection lost' } },
      { status: 'rejected', reason: { message: 'connection lost' } },
      { status: 'fulfilled', value: 'c' },
    ]);
  });
});

describe('with a concurrency of two', () => {
  test('two groups are processed at one time, and no more', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 1, concurrency: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd'].map(add));
    await microtasks();
    expect(groups).toEqual([['a'], ['b']]);
    ends[1]?.();
    await microtasks();
    expect(groups).toEqual([['a'], ['b'], ['c']]);
    ends[0]?.();
    ends[2]?.();
    await microtasks();
    ends[3]?.();
    expect(await all).toEqual(['A', 'B', 'C', 'D']);
  });

  test('a new item starts a second group while the first one is processed', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { maxItems: 10, concurrency: 2 });
    const first = add('a');
    await microtasks();
    const second = add('b');
    await microtasks();
    expect(groups).toEqual([['a'], ['b']]);
    ends[1]?.();
    expect(await second).toBe('B');
    const third = add('c');
    await microtasks();
    expect(groups).toEqual([['a'], ['b'], ['c']]);
    for (const end of ends) end();
    await Promise.all([first, third]);
  });
});
