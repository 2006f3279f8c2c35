import { expect, test } from 'vitest';
import { asOf, type Moment } from './as-of.ts';
import type { Stream } from './event-store.ts';

const second = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, n));
const streamOf = (...seconds: readonly number[]): Stream<{ readonly type: 'ticked' }> => ({
  id: 's',
  version: seconds.length,
  events: seconds.map((n, index) => ({
    ...{ id: `e${index + 1}`, stream: 's', version: index + 1, at: second(n) },
    event: { type: 'ticked' },
    cause: { actor: { kind: 'unknown' } },
  })),
});
const versionsOf = (moment: Moment, ...seconds: readonly number[]) =>
  asOf(streamOf(...seconds), moment)?.events.map(({ version }) => version);

test('a version includes its own event', () =>
  expect(versionsOf({ version: 2 }, 10, 20, 30)).toEqual([1, 2]));

test('the last version is the whole stream', () =>
  expect(asOf(streamOf(10, 20), { version: 2 })).toEqual(streamOf(10, 20)));

test('a version that the stream does not have is undefined', () =>
  expect(versionsOf({ version: 3 }, 10, 20)).toBeUndefined());

test('a time includes the event of that time', () => {
  expect(versionsOf({ at: second(20) }, 10, 20, 30)).toEqual([1, 2]);
  expect(versionsOf({ at: second(19) }, 10, 20, 30)).toEqual([1]);
  expect(versionsOf({ at: second(99) }, 10, 20, 30)).toEqual([1, 2, 3]);
});

test('before the first event there is nothing', () =>
  expect(asOf(streamOf(10), { at: second(9) })).toEqual({ id: 's', version: 0, events: [] }));

test('an event that a slow clock dates before the one before it does not appear without that', () =>
  expect(versionsOf({ at: second(25) }, 10, 30, 20)).toEqual([1]));
