import { expect, test } from 'vitest';
import { createLane, type Lane } from './lane.ts';
import { decodeProgress, encodeProgress } from './progress.ts';

const fresh = (offset = 0): Lane => {
  const lane = createLane('order.events', 0);
  lane.restore({ offset, top: offset, holes: [], crashes: 0 });
  return lane;
};

const take = (lane: Lane, ...offsets: number[]): number[] =>
  offsets.filter((offset) => lane.take(offset, 10));

test('what is committed is the first that is not finished', () => {
  const lane = fresh(5);
  take(lane, 5, 6, 7, 8);
  lane.finish(6);
  lane.finish(7);
  expect(lane.progress()).toEqual({ offset: 5, top: 8, holes: [5] });
  lane.finish(5);
  expect(lane.progress()).toEqual({ offset: 8, top: 8, holes: [] });
  lane.finish(8);
  expect(lane.progress()).toEqual({ offset: 9, top: 9, holes: [] });
});

test('gaps in the log, and what is none of ours, are no holes', () => {
  const lane = fresh();
  take(lane, 3);
  lane.pass(4);
  take(lane, 9);
  lane.finish(9);
  expect(lane.progress()).toEqual({ offset: 3, top: 10, holes: [3] });
  lane.finish(3);
  lane.pass(12);
  expect(lane.progress()).toEqual({ offset: 13, top: 13, holes: [] });
});

test('the next owner is given what is not finished, and nothing else', () => {
  const lane = fresh();
  take(lane, 0, 1, 2, 3, 4, 5);
  for (const offset of [1, 2, 4]) lane.finish(offset);
  const { offset, top, holes } = lane.progress();
  const next = createLane('order.events', 0);
  next.restore(decodeProgress(offset, encodeProgress({ offset, top, holes, crashes: 0 })));
  expect(take(next, 0, 1, 2, 3, 4, 5, 6)).toEqual([0, 3, 5, 6]);
  next.finish(0);
  expect(next.progress()).toEqual({ offset: 3, top: 5, holes: [3] });
});

test('holes that the next owner has not read again yet stay holes', () => {
  const next = createLane('order.events', 0);
  next.restore({ offset: 0, top: 10, holes: [0, 8], crashes: 0 });
  take(next, 0, 1);
  next.finish(0);
  expect(next.progress()).toEqual({ offset: 2, top: 10, holes: [8] });
});

test('reading again after a rebalance delivers nothing twice', () => {
  const lane = fresh();
  expect(take(lane, 0, 1, 2)).toEqual([0, 1, 2]);
  lane.finish(1);
  lane.restore({ offset: 0, top: 2, holes: [0], crashes: 0 });
  expect(take(lane, 0, 1, 2, 3)).toEqual([3]);
  expect(lane.load()).toEqual({ count: 3, bytes: 30 });
});

test('what somebody else finished meanwhile is finished here', () => {
  const lane = fresh();
  take(lane, 0, 1, 2);
  lane.restore({ offset: 2, top: 2, holes: [], crashes: 0 });
  expect(lane.finish(0)).toBe(false);
  expect(lane.progress()).toEqual({ offset: 2, top: 2, holes: [] });
});

test('a message that waits in front of its lane keeps its attempts for the next owner', () => {
  const lane = fresh();
  take(lane, 0, 1);
  lane.hold(0, { attempt: 3, dueAt: 99 });
  const progress = lane.progress();
  expect(progress).toEqual({ offset: 0, top: 0, holes: [], retry: { attempt: 3, dueAt: 99 } });
  const next = createLane('order.events', 0);
  next.restore(decodeProgress(0, encodeProgress({ ...progress, crashes: 0 })));
  expect(next.heldAt(0)).toEqual({ attempt: 3, dueAt: 99 });
  take(next, 0);
  next.finish(0);
  expect(next.progress().retry).toBeUndefined();
});
