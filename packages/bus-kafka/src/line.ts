import type { Entry } from './entry.ts';
import { carefulAfter } from './owned.ts';

/** What waits for its turn, in the order of reading. An unordered subscription has one line, an ordered one a line for each slot. */
export interface Line {
  readonly waiting: Entry[];
  /** Begun and not yet ended. */
  running: number;
  /** Its first message waits for another attempt. */
  held: Entry | undefined;
}

export const createLine = (): Line => ({ waiting: [], running: 0, held: undefined });

/** The next one that may begin. In a partition whose owners keep crashing it is the first that is not finished, and no other. */
export const nextOf = (line: Line): Entry | undefined => {
  const [first] = line.waiting;
  if (first === undefined || mayBegin(first)) return line.waiting.shift();
  const index = line.waiting.findIndex(mayBegin);
  return index === -1 ? undefined : line.waiting.splice(index, 1)[0];
};

const mayBegin = ({ owned, offset }: Entry): boolean =>
  owned.crashes < carefulAfter || owned.lane.head() === offset;
