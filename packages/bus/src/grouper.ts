/** Collects items while the previous group is being processed. Nothing waits for a group to fill up. */
export interface Grouper<Item, Result> {
  /** Resolves or rejects with the result of this item. */
  add(item: Item): Promise<Result>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * `work` gets up to `maxItems` items and returns one settled result per item, in order. Up to `concurrency` groups are processed
 * at one time (default 1). When `work` itself throws, every item of the group is rejected with that error.
 */
export const createGrouper = <Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>,
  { maxItems, concurrency = 1 }: { readonly maxItems: number; readonly concurrency?: number },
): Grouper<Item, Result> => {
  const waiting: Waiting<Item, Result>[] = [];
  let busy = 0;

  const run = async (): Promise<void> => {
    busy += 1;
    while (waiting.length > 0) {
      const group = waiting.splice(0, maxItems);
      try {
        const results = await work(group.map(({ item }) => item));
        group.forEach(({ resolve, reject }, index) => {
          const result = results[index];
          if (result === undefined) reject(new Error('The group returned no result for this item'));
          else if (result.status === 'fulfilled') resolve(result.value);
          else reject(result.reason);
        });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    busy -= 1;
  };

  const startGroups = (): void => {
    while (busy < concurrency && waiting.length > 0) void run();
  };

  return {
    add: (item) =>
      new Promise<Result>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        // A microtask later, so that the deliveries of one read from the socket make one group.
        if (busy < concurrency && waiting.length === 1) queueMicrotask(startGroups);
      }),
  };
};
