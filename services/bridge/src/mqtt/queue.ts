/** Messages that wait, within bounds: beyond them nothing more is to be read from the connection. */
export interface BoundedQueue<Item> {
  add(item: Item, bytes: number): void;
  /** Takes the oldest, up to `max`. */
  take(max: number): Item[];
  /** Removes what the predicate holds for. */
  remove(predicate: (item: Item) => boolean): void;
  /** Calls back as soon as there is room, which may be now. The one that waited before is forgotten. */
  whenRoom(callback: () => void): void;
  size(): number;
}

export interface Bounds {
  readonly items: number;
  readonly bytes: number;
}

export const createBoundedQueue = <Item>(bounds: Bounds): BoundedQueue<Item> => {
  let entries: { readonly item: Item; readonly bytes: number }[] = [];
  let total = 0;
  let waiting: (() => void) | undefined;

  const changed = (): void => {
    total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    if (!hasRoom()) return;
    const callback = waiting;
    waiting = undefined;
    callback?.();
  };
  const hasRoom = (): boolean => entries.length < bounds.items && total < bounds.bytes;

  return {
    add: (item, bytes) => {
      entries.push({ item, bytes });
      total += bytes;
    },
    take: (max) => {
      const taken = entries.splice(0, max);
      changed();
      return taken.map(({ item }) => item);
    },
    remove: (predicate) => {
      entries = entries.filter(({ item }) => !predicate(item));
      changed();
    },
    whenRoom: (callback) => {
      waiting = callback;
      changed();
    },
    size: () => entries.length,
  };
};
