import type { LogLine } from './log-line.ts';

/**
 * Merges the lines of several processes by their times. It reads a chunk of each at a time, so that its memory does not depend on the
 * size of the files. Lines of the same time keep the order of the sources.
 */
export function* mergeByTime(sources: readonly Iterable<readonly LogLine[]>[]): Generator<LogLine> {
  const cursors = sources.map((source) => createCursor(source[Symbol.iterator]()));
  let open = cursors.filter((cursor) => cursor.line() !== undefined);
  while (open.length > 0) {
    let earliest = open[0];
    let time = earliest?.line()?.time ?? '';
    for (const cursor of open) {
      const other = cursor.line()?.time ?? '';
      if (other >= time) continue;
      earliest = cursor;
      time = other;
    }
    const line = earliest?.line();
    if (line !== undefined) yield line;
    earliest?.advance();
    if (earliest?.line() === undefined) open = open.filter((cursor) => cursor !== earliest);
  }
}

const createCursor = (chunks: Iterator<readonly LogLine[]>) => {
  let chunk: readonly LogLine[] = [];
  let index = 0;
  const fill = (): void => {
    while (index >= chunk.length) {
      const next = chunks.next();
      if (next.done === true) return;
      chunk = next.value;
      index = 0;
    }
  };
  fill();
  return {
    line: (): LogLine | undefined => chunk[index],
    advance: (): void => {
      index += 1;
      fill();
    },
  };
};
