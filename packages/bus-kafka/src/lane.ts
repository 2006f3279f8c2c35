import type { Progress, Retry } from './progress.ts';

/**
 * What is known of one partition of a topic: which offsets were read and are not finished. Offsets come in their order;
 * those that are missing in between (a log has gaps) count as finished.
 */
export interface Lane {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that was not read yet. */
  position(): number;
  /** Takes over what the broker knows: at the beginning, and after somebody else may have worked here. */
  restore(progress: Progress): void;
  /** Whether it is to be delivered: false when it was read before, or is finished. */
  take(offset: number, bytes: number): boolean;
  /** It was read, and is none of ours. */
  pass(offset: number): void;
  /** False when it was not to be finished (any more). */
  finish(offset: number): boolean;
  /** It waits in front of its lane. */
  hold(offset: number, retry: Retry): void;
  /** Of the message at this offset, if it waited there before. */
  heldAt(offset: number): Retry | undefined;
  /** The first that is not finished. */
  head(): number | undefined;
  /** What was read and is not finished: how many, and how many bytes. */
  load(): { readonly count: number; readonly bytes: number };
  progress(): Omit<Progress, 'owner' | 'crashes'>;
}

export const createLane = (topic: string, partition: number): Lane => {
  /** In the order of the offsets, which is that of reading. */
  const unfinished = new Map<number, number>();
  let position = 0;
  let top = 0;
  let bytes = 0;
  let held: { readonly offset: number; readonly retry: Retry } | undefined;
  let restored: ReadonlySet<number> = new Set();

  const remove = (offset: number): boolean => {
    const size = unfinished.get(offset);
    if (size === undefined) return false;
    unfinished.delete(offset);
    bytes -= size;
    return true;
  };

  const head = (): number | undefined => {
    for (const offset of unfinished.keys()) return offset;
    return undefined;
  };

  return {
    topic,
    partition,
    position: () => position,
    restore: (progress) => {
      restored = new Set(progress.holes);
      for (const offset of [...unfinished.keys()]) {
        if (offset >= progress.top) break;
        if (!restored.has(offset)) remove(offset);
      }
      top = Math.max(top, progress.top);
      position = Math.max(position, progress.offset);
      if (progress.retry !== undefined) held ??= { offset: progress.offset, retry: progress.retry };
    },
    take: (offset, size) => {
      if (offset < position) return false;
      position = offset + 1;
      if (offset < top && !restored.has(offset)) return false;
      unfinished.set(offset, size);
      bytes += size;
      return true;
    },
    pass: (offset) => {
      if (offset >= position) position = offset + 1;
    },
    finish: (offset) => {
      if (!remove(offset)) return false;
      top = Math.max(top, offset + 1);
      if (held?.offset === offset) held = undefined;
      return true;
    },
    hold: (offset, retry) => {
      held = { offset, retry };
    },
    heldAt: (offset) => (held?.offset === offset ? held.retry : undefined),
    head,
    load: () => ({ count: unfinished.size, bytes }),
    progress: () => {
      const offset = head() ?? position;
      const holes: number[] = [];
      if (offset < top) {
        for (const one of unfinished.keys()) {
          if (one >= top) break;
          holes.push(one);
        }
        // Read by the owner before, and not again yet.
        for (const one of restored) if (one >= position && one < top) holes.push(one);
      }
      return {
        offset,
        top: Math.max(offset, top),
        holes,
        ...(held?.offset === offset ? { retry: held.retry } : {}),
      };
    },
  };
};
