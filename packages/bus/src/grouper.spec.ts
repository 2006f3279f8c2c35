import { describe, expect, test, vi } from 'vitest';
import { createGrouper } from './grouper.ts';

type Settled = PromiseSettledResult<string>;

/** Work that begins at once, notes its groups, and ends when it is told to. */
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

/** All that follows without any timer or I/O. */
const microtasks = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a group', () => {
  test('of one does not wait for another', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { most: 10 });
    const one = add('a');
    await microtasks();
    expect(groups).toEqual([['a']]);
    ends[0]?.();
    expect(await one).toBe('A');
    vi.useRealTimers();
  });

  test('is what is at hand together', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { most: 10 });
    const all = Promise.all(['a', 'b', 'c'].map(add));
    await microtasks();
    expect(groups).toEqual([['a', 'b', 'c']]);
    ends[0]?.();
    expect(await all).toEqual(['A', 'B', 'C']);
  });

  test('collects while the one before is in work, and begins as soon as that ends', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { most: 10 });
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

  test('has no more than the most, and what is left makes the next ones, in order', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { most: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(add));
    for (let group = 0; group < 3; group += 1) {
      await microtasks();
      expect(groups).toHaveLength(group + 1);
      ends[group]?.();
    }
    expect(await all).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(groups).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('that comes when nothing is left to do begins at once again', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { most: 2 });
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
  test('has its own result: a failed neighbour changes nothing', async () => {
    const { ends, work } = controlled();
    const { add } = createGrouper(work, { most: 10 });
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

  test('rejects with what it rejected with, though it be nothing', async () => {
    const { ends, work } = controlled();
    const { add } = createGrouper(work, { most: 10 });
    const all = Promise.allSettled([add('a')]);
    await microtasks();
    ends[0]?.([{ status: 'rejected', reason: undefined }]);
    expect(await all).toEqual([{ status: 'rejected', reason: undefined }]);
  });

  test('without a result rejects, and never hangs', async () => {
    const { ends, work } = controlled();
    const { add } = createGrouper(work, { most: 10 });
    const all = Promise.allSettled(['a', 'b'].map(add));
    await microtasks();
    ends[0]?.([{ status: 'fulfilled', value: 'A' }]);
    expect(await all).toMatchObject([
      { status: 'fulfilled', value: 'A' },
      { status: 'rejected', reason: { message: 'The group gave no result for this item' } },
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
  ])('is rejected when the work %s as a whole, and the next group is worked on', async (_, fail) => {
    const work = vi.fn(
      (items: readonly string[]): Promise<readonly Settled[]> =>
        Promise.resolve(items.map((value) => ({ status: 'fulfilled', value }))),
    );
    work.mockImplementationOnce(fail);
    const { add } = createGrouper(work, { most: 2 });
    const results = await Promise.allSettled(['a', 'b', 'c'].map(add));
    expect(results).toMatchObject([
      { status: 'rejected', reason: { message: 'connection lost' } },
      { status: 'rejected', reason: { message: 'connection lost' } },
      { status: 'fulfilled', value: 'c' },
    ]);
  });
});

describe('lanes', () => {
  test('work on so many groups at one time, and on no more', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { most: 1, lanes: 2 });
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

  test('that are free take what comes while others are busy', async () => {
    const { groups, ends, work } = controlled();
    const { add } = createGrouper(work, { most: 10, lanes: 2 });
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
