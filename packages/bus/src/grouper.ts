/** Collects what is at hand while the previous group is being worked on. Nothing waits for a group to fill. */
export interface Grouper<Item, Result> {
  /** Resolves or rejects with what became of this item. */
  add(item: Item): Promise<Result>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * `work` gets up to `most` items and gives one settled result for each, in their order; `lanes` groups may be in work at
 * one time. When `work` itself throws, every item of the group is rejected with that error.
 */
export const createGrouper = <Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>,
  { most, lanes = 1 }: { readonly most: number; readonly lanes?: number },
): Grouper<Item, Result> => {
  const waiting: Waiting<Item, Result>[] = [];
  let busy = 0;

  const run = async (): Promise<void> => {
    busy += 1;
    while (waiting.length > 0) {
      const group = waiting.splice(0, most);
      try {
        const results = await work(group.map(({ item }) => item));
        group.forEach(({ resolve, reject }, index) => {
          const result = results[index];
          if (result === undefined) reject(new Error('The group gave no result for this item'));
          else if (result.status === 'fulfilled') resolve(result.value);
          else reject(result.reason);
        });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    busy -= 1;
  };

  /** Every free lane takes a group: what is more than one group holds is not left to the first lane alone. */
  const fillLanes = (): void => {
    while (busy < lanes && waiting.length > 0) void run();
  };

  return {
    add: (item) =>
      new Promise<Result>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        // A microtask later, so that deliveries that arrived in one read from the socket make one group.
        if (busy < lanes && waiting.length === 1) queueMicrotask(fillLanes);
      }),
  };
};
