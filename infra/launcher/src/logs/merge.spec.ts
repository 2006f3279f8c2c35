import { expect, test } from 'vitest';
import type { LogLine } from './log-line.ts';
import { mergeByTime } from './merge.ts';

const lineAt = (process: string, time: number): LogLine => ({
  time: new Date(time).toISOString(),
  process,
  text: `${process} ${time}`,
  fields: undefined,
});

const textsOf = (lines: Iterable<LogLine>): string[] => [...lines].map(({ text }) => text);

test('lines of several processes are in the order of their times, those of the same time in the order of the processes', () => {
  const a = [[lineAt('a', 1), lineAt('a', 4)], [], [lineAt('a', 4), lineAt('a', 9)]];
  const b = [[lineAt('b', 2)], [lineAt('b', 4)]];
  expect(textsOf(mergeByTime([a, b, [], [[]]]))).toEqual(['a 1', 'b 2', 'a 4', 'a 4', 'b 4', 'a 9']);
});

test('a line that is out of order in its file is neither lost nor moves others', () => {
  const a = [[lineAt('a', 5), lineAt('a', 3), lineAt('a', 6)]];
  expect(textsOf(mergeByTime([a, [[lineAt('b', 4), lineAt('b', 7)]]]))).toEqual([
    'b 4',
    'a 5',
    'a 3',
    'a 6',
    'b 7',
  ]);
});

test('no more than a chunk of each process is read before it is needed', () => {
  const read: string[] = [];
  function* chunksOf(process: string): Generator<readonly LogLine[]> {
    for (let time = 0; time < 1_000; time += 1) {
      read.push(process);
      yield [lineAt(process, time)];
    }
  }
  const merged = mergeByTime([chunksOf('a'), chunksOf('b')]);
  for (let count = 0; count < 10; count += 1) merged.next();
  expect(read.length).toBeLessThan(14);
});
