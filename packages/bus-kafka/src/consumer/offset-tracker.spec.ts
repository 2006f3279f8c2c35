import { expect, test } from 'vitest';
import { createOffsetTracker, type OffsetTracker } from './offset-tracker.ts';
import { decodeProgress, encodeProgress } from './progress.ts';

const fresh = (offset = 0): OffsetTracker => {
  const tracker = createOffsetTracker('order.events', 0);
  tracker.restore({ offset, top: offset, holes: [], crashes: 0 });
  return tracker;
};

const track = (tracker: OffsetTracker, ...offsets: number[]): number[] =>
  offsets.filter((offset) => tracker.track(offset, 10));

test('the offset to commit is the first that is not finished', () => {
  const tracker = fresh(5);
  track(tracker, 5, 6, 7, 8);
  tracker.finish(6);
  tracker.finish(7);
  expect(tracker.progress()).toEqual({ offset: 5, top: 8, holes: [5] });
  tracker.finish(5);
  expect(tracker.progress()).toEqual({ offset: 8, top: 8, holes: [] });
  tracker.finish(8);
  expect(tracker.progress()).toEqual({ offset: 9, top: 9, holes: [] });
});

test('gaps in the log and skipped offsets are not holes', () => {
  const tracker = fresh();
  track(tracker, 3);
  tracker.skip(4);
  track(tracker, 9);
  tracker.finish(9);
  expect(tracker.progress()).toEqual({ offset: 3, top: 10, holes: [3] });
  tracker.finish(3);
  tracker.skip(12);
  expect(tracker.progress()).toEqual({ offset: 13, top: 13, holes: [] });
});

test('the next owner is given what is not finished, and nothing else', () => {
  const tracker = fresh();
  track(tracker, 0, 1, 2, 3, 4, 5);
  for (const offset of [1, 2, 4]) tracker.finish(offset);
  const { offset, top, holes } = tracker.progress();
  const next = createOffsetTracker('order.events', 0);
  next.restore(decodeProgress(offset, encodeProgress({ offset, top, holes, crashes: 0 })));
  expect(track(next, 0, 1, 2, 3, 4, 5, 6)).toEqual([0, 3, 5, 6]);
  next.finish(0);
  expect(next.progress()).toEqual({ offset: 3, top: 5, holes: [3] });
});

test('holes that the next owner has not read again yet stay holes', () => {
  const next = createOffsetTracker('order.events', 0);
  next.restore({ offset: 0, top: 10, holes: [0, 8], crashes: 0 });
  track(next, 0, 1);
  next.finish(0);
  expect(next.progress()).toEqual({ offset: 2, top: 10, holes: [8] });
});

test('reading again after a rebalance delivers nothing twice', () => {
  const tracker = fresh();
  expect(track(tracker, 0, 1, 2)).toEqual([0, 1, 2]);
  tracker.finish(1);
  tracker.restore({ offset: 0, top: 2, holes: [0], crashes: 0 });
  expect(track(tracker, 0, 1, 2, 3)).toEqual([3]);
  expect(tracker.unfinished()).toEqual({ count: 3, bytes: 30 });
});

test('an offset that another instance finished meanwhile is finished here', () => {
  const tracker = fresh();
  track(tracker, 0, 1, 2);
  tracker.restore({ offset: 2, top: 2, holes: [], crashes: 0 });
  expect(tracker.finish(0)).toBe(false);
  expect(tracker.progress()).toEqual({ offset: 2, top: 2, holes: [] });
});

test('a message that waits for its retry keeps its attempts for the next owner', () => {
  const tracker = fresh();
  track(tracker, 0, 1);
  tracker.setRetry(0, { attempt: 3, dueAt: 99 });
  const progress = tracker.progress();
  expect(progress).toEqual({ offset: 0, top: 0, holes: [], retry: { attempt: 3, dueAt: 99 } });
  const next = createOffsetTracker('order.events', 0);
  next.restore(decodeProgress(0, encodeProgress({ ...progress, crashes: 0 })));
  expect(next.retryAt(0)).toEqual({ attempt: 3, dueAt: 99 });
  track(next, 0);
  next.finish(0);
  expect(next.progress().retry).toBeUndefined();
});
