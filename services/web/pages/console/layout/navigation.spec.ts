import { expect, test } from 'vitest';
import { isCurrent, menu } from './navigation.ts';

test('pages are grouped, in the order of their group, and unknown ones come last', () => {
  const entry = (href: string) => ({ href, text: href });
  const groups = menu(['/console/new', '/console/sagas', '/console'].map(entry));
  expect(groups.map(({ name, entries }) => [name, entries.map(({ href }) => href)])).toEqual([
    ['Live', ['/console', '/console/sagas']],
    ['More', ['/console/new']],
  ]);
});

test.each([
  ['/console', '/console', true],
  ['/console', '/console/sagas', false],
  ['/console/sagas', '/console/sagas/1', true],
  ['/console/tasks', '/console/tasks-other', false],
])('%s is current at %s: %s', (href, path, current) => expect(isCurrent(href, path)).toBe(current));
