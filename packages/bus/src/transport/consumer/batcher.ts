/** Collects items while the batch before is being processed. Nothing waits for a batch to fill up. */
export interface Batcher<Item> {
  /** Resolves or rejects with the batch that the item went into. */
  add(item: Item): Promise<void>;
}

interface Batch<Item> extends PromiseWithResolvers<void> {
  readonly items: Item[];
}

/**
 * Like a grouper, for work that succeeds or fails for all of its up to `maxItems` items. They share one promise: at 100,000 items a
 * second, one per item costs more than all that is done with it.
 */
export const createBatcher = <Item>(
  work: (items: readonly Item[]) => Promise<void>,
  { maxItems }: { readonly maxItems: number },
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
      // A microtask later, so that the deliveries of one read from the socket make one batch.
      queueMicrotask(run);
    }
    return batch;
  };

  return {
    add: (item) => {
      const last = waiting.at(-1);
      const batch = last !== undefined && last.items.length < maxItems ? last : begin();
      batch.items.push(item);
      return batch.promise;
    },
  };
};
