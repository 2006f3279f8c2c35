import { expect, test } from 'vitest';
import { type Assignment, assign, type Member, slotOf } from './assigner.ts';

const eight = [0, 1, 2, 3, 4, 5, 6, 7];
const topics = [
  { topic: 'order.events', partitions: eight },
  { topic: 'payment.retry', partitions: eight },
  { topic: 'payment.retry.100', partitions: [0] },
];
const names = topics.map(({ topic }) => topic);
const member = (id: string, slots: readonly number[] = [], listens = names): Member => ({
  id,
  topics: listens,
  slots,
});

const all = (assignment: Assignment): string[] =>
  Object.values(assignment)
    .flatMap((ofMember) => Object.entries(ofMember).flatMap(([topic, ps]) => ps.map((p) => `${topic}/${p}`)))
    .toSorted();

const everything = topics
  .flatMap(({ topic, partitions }) => partitions.map((p) => `${topic}/${p}`))
  .toSorted();

test('every partition goes to exactly one member, in even shares', () => {
  for (const count of [1, 2, 3, 5, 8]) {
    const members = Array.from({ length: count }, (_, index) => member(`m${index}`));
    const assignment = assign(members, topics);
    expect(all(assignment)).toEqual(everything);
    const sizes = members.map(({ id }) => assignment[id]?.['order.events']?.length ?? 0);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  }
});

test('a key has the same owner in every topic', () => {
  const assignment = assign([member('a'), member('b'), member('c')], topics);
  for (const ofMember of Object.values(assignment)) {
    expect(ofMember['order.events']).toEqual(ofMember['payment.retry']);
  }
});

test('members keep their slots up to an even share, and a new one gets the rest', () => {
  const before = assign([member('a')], topics);
  expect(before['a']?.['order.events']).toEqual(eight);
  const after = assign([member('a', eight), member('b')], topics);
  expect(after['a']?.['order.events']).toEqual([0, 1, 2, 3]);
  expect(after['b']?.['order.events']).toEqual([4, 5, 6, 7]);
  const third = assign([member('a', [0, 1, 2, 3]), member('b', [4, 5, 6, 7]), member('c')], topics);
  expect(third['a']?.['order.events']).toEqual([0, 1, 2]);
  expect(third['b']?.['order.events']).toEqual([4, 5, 6]);
  expect(third['c']?.['order.events']).toEqual([3, 7]);
});

test('a topic is assigned only to members that subscribe to it', () => {
  const older = member('older', [], ['order.events']);
  const assignment = assign([older, member('newer')], topics);
  expect(all(assignment)).toEqual(everything);
  expect(Object.keys(assignment['older'] ?? {})).toEqual(['order.events']);
});

test('with more members than partitions some get none', () => {
  const members = Array.from({ length: 11 }, (_, index) => member(`m${index}`));
  expect(all(assign(members, topics))).toEqual(everything);
});

test('single partitions are spread by their names', () => {
  const slots = [100, 250, 500, 1_000].map((ms) => slotOf(`payment.retry.${ms}`, 0, 1));
  expect(new Set(slots).size).toBeGreaterThan(1);
});
