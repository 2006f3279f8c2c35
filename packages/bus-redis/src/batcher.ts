/** Collects what is at hand while the batch before is being worked on. Nothing waits for a batch to fill. */
export interface Batcher<Item> {
  /** Resolves or rejects with the batch that the item went into. */
  add(item: Item): Promise<void>;
}

interface Batch<Item> extends PromiseWithResolvers<void> {
  readonly items: Item[];
}

/**
 * A grouper for work that is done for all of its up to `most` items or for none. They share one promise: there may be
 * 100,000 items a second, and a promise made for each costs more than all that is done with it.
 */
export const createBatcher = <Item>(
  work: (items: readonly Item[]) => Promise<void>,
  { most }: { readonly most: number },
): Batcher<Item> => {
  const waiting: Batch<Item>[] = [];
  let busy = false;

  const run = async (): Promise<void> => {
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      await work(batch.items).then(batch.resolve, batch.reject);
    }
    busy = false;
  };

  const begin = (): Batch<Item> => {
    const batch = { items: [], ...Promise.withResolvers<void>() };
    waiting.push(batch);
    if (!busy) {
      busy = true;
      // A microtask later, so that deliveries that arrived in one read from the socket make one batch.
      queueMicrotask(run);
    }
    return batch;
  };

  return {
    add: (item) => {
      const last = waiting.at(-1);
      const batch = last !== undefined && last.items.length < most ? last : begin();
      batch.items.push(item);
      return batch.promise;
    },
  };
};
