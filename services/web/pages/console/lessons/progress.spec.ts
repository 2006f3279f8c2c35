import { expect, test } from 'vitest';
import type { Lesson } from './parse-lesson.ts';
import { addDone, begin, countDone, parseProgress } from './progress.ts';

const at = '2026-05-01T10:00:00.000Z';
const later = '2026-05-01T11:00:00.000Z';
const lesson: Lesson = {
  name: 'one',
  number: 1,
  title: 'One',
  introductionHtml: '',
  steps: [
    { heading: 'Do', html: '', check: 'did' },
    { heading: 'Read', html: '' },
    { heading: 'Do more', html: '', check: 'did-more' },
  ],
  ending: undefined,
};

test('a step that is done stays as it was first seen', () => {
  const begun = begin({ lessons: {} }, 'one', at);
  expect(countDone(lesson, begun.lessons['one'])).toEqual({ done: 0, of: 2 });
  const once = addDone(begun, 'one', at, { did: 'seen' });
  const twice = addDone(once, 'one', at, { did: 'seen again', 'did-more': 'seen' });
  expect(twice.lessons['one']?.done).toEqual({ did: 'seen', 'did-more': 'seen' });
  expect(countDone(lesson, twice.lessons['one'])).toEqual({ done: 2, of: 2 });
});

test('beginning again forgets what was done, also what a check finds late', () => {
  const first = addDone(begin({ lessons: {} }, 'one', at), 'one', at, { did: 'seen' });
  const again = begin(first, 'one', later);
  expect(addDone(again, 'one', at, { did: 'seen' }).lessons['one']).toEqual({ begunAt: later, done: {} });
});

test('what is stored is read again, whatever was stored', () => {
  const progress = { ...begin({ lessons: {} }, 'one', at), isFolded: true };
  expect(parseProgress(JSON.stringify(progress))).toEqual(progress);
  for (const text of ['', 'null', '[]', '{"lessons":[1]}', '{"lessons":{"one":{"begunAt":"x","done":{}}}}'])
    expect(parseProgress(text)).toEqual({ lessons: {} });
});
