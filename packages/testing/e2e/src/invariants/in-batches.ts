/** The results in the order of the items, 20 at a time. */
export const inBatches = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += 20) {
    results.push(...(await Promise.all(items.slice(from, from + 20).map(work))));
  }
  return results;
};
