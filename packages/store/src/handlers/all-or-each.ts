import { isAway } from '../database/errors.ts';

/**
 * Works on all items as one group or, when that fails, on each by itself, so that a group changes the speed and nothing
 * else. Once the database is away nothing more is tried: the rest is rejected with that.
 */
export const allOrEach = async <Item, Result>(
  items: readonly Item[],
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<PromiseSettledResult<Result>[]> => {
  try {
    const results = await work(items);
    return results.map((value) => ({ status: 'fulfilled', value }));
  } catch (reason) {
    if (items.length === 1 || isAway(reason)) return items.map(() => ({ status: 'rejected', reason }));
  }
  const results: PromiseSettledResult<Result>[] = [];
  for (const item of items) {
    const last = results.at(-1);
    if (last?.status === 'rejected' && isAway(last.reason)) results.push(last);
    else results.push(...(await allOrEach([item], work)));
  }
  return results;
};
