/** Items for one reader, which may be slower than their writer. */
export interface BoundedQueue<Item> {
  /** Ends the queue, and returns false, when the reader is too far behind. */
  push(item: Item): boolean;
  /** What is in the queue stays. */
  end(): void;
  /** The next item; `idle` when none came within `timeoutMs`, `ended` when none can come. */
  take(timeoutMs: number): Promise<{ readonly item: Item } | 'idle' | 'ended'>;
}

export const createBoundedQueue = <Item>(max: number): BoundedQueue<Item> => {
  const items: { readonly item: Item }[] = [];
  let isEnded = false;
  let wake: () => void = () => undefined;
  const end = (): void => {
    isEnded = true;
    wake();
  };

  return {
    end,
    push: (item) => {
      if (isEnded) return false;
      if (items.length === max) {
        end();
        return false;
      }
      items.push({ item });
      wake();
      return true;
    },
    take: async (timeoutMs) => {
      if (items.length === 0 && !isEnded) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return items.shift() ?? (isEnded ? 'ended' : 'idle');
    },
  };
};
