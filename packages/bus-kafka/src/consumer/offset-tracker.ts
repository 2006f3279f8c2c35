import type { Progress, Retry } from './progress.ts';

/**
 * Which offsets of one partition were read and are not finished. Offsets come in ascending order; those that are missing in
 * between (a log has gaps) count as finished.
 */
export interface OffsetTracker {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that was not read yet. */
  position(): number;
  /** Takes over what the group has committed: at the beginning, and after another instance may have had the partition. */
  restore(progress: Progress): void;
  /** Returns whether the record is to be delivered: false when it was read before, or is finished. */
  track(offset: number, bytes: number): boolean;
  /** It was read, and there is nothing to deliver up to and including this offset. */
  skip(offset: number): void;
  /** Returns false when the offset is unknown or finished already. */
  finish(offset: number): boolean;
  /** Remembers the retry of the first message, so that it is committed with the progress. */
  setRetry(offset: number, retry: Retry): void;
  /** The retry of the message at this offset, if it waits for one. */
  retryAt(offset: number): Retry | undefined;
  /** The first offset that is not finished. */
  head(): number | undefined;
  /** How many messages, and how many bytes, were read and are not finished. */
  unfinished(): { readonly count: number; readonly bytes: number };
  progress(): Omit<Progress, 'owner' | 'crashes'>;
}

export const createOffsetTracker = (topic: string, partition: number): OffsetTracker => {
  /** Sizes by offset, ascending. */
  const sizes = new Map<number, number>();
  let position = 0;
  let top = 0;
  let bytes = 0;
  let waiting: { readonly offset: number; readonly retry: Retry } | undefined;
  let restored: ReadonlySet<number> = new Set();

  const remove = (offset: number): boolean => {
    const size = sizes.get(offset);
    if (size === undefined) return false;
    sizes.delete(offset);
    bytes -= size;
    return true;
  };

  const head = (): number | undefined => {
    for (const offset of sizes.keys()) return offset;
    return undefined;
  };

  return {
    topic,
    partition,
    position: () => position,
    restore: (progress) => {
      restored = new Set(progress.holes);
      for (const offset of [...sizes.keys()]) {
        if (offset >= progress.top) break;
        if (!restored.has(offset)) remove(offset);
      }
      top = Math.max(top, progress.top);
      position = Math.max(position, progress.offset);
      if (progress.retry !== undefined) waiting ??= { offset: progress.offset, retry: progress.retry };
    },
    track: (offset, size) => {
      if (offset < position) return false;
      position = offset + 1;
      if (offset < top && !restored.has(offset)) return false;
      sizes.set(offset, size);
      bytes += size;
      return true;
    },
    skip: (offset) => {
      if (offset >= position) position = offset + 1;
    },
    finish: (offset) => {
      if (!remove(offset)) return false;
      top = Math.max(top, offset + 1);
      if (waiting?.offset === offset) waiting = undefined;
      return true;
    },
    setRetry: (offset, retry) => {
      waiting = { offset, retry };
    },
    retryAt: (offset) => (waiting?.offset === offset ? waiting.retry : undefined),
    head,
    unfinished: () => ({ count: sizes.size, bytes }),
    progress: () => {
      const offset = head() ?? position;
      const holes: number[] = [];
      if (offset < top) {
        for (const one of sizes.keys()) {
          if (one >= top) break;
          holes.push(one);
        }
        // Restored from the commit, and not read again yet.
        for (const one of restored) if (one >= position && one < top) holes.push(one);
      }
      return {
        offset,
        top: Math.max(offset, top),
        holes,
        ...(waiting?.offset === offset ? { retry: waiting.retry } : {}),
      };
    },
  };
};
