import { expect, test } from 'vitest';
import { isCurrent, menu } from './navigation.ts';

test('each page is in the menu once', () => {
  const hrefs = menu.flatMap(({ entries }) => entries.map(({ href }) => href));
  expect(new Set(hrefs).size).toBe(hrefs.length);
  expect(hrefs[0]).toBe('/console');
});

test.each([
  ['/console', '/console', true],
  ['/console', '/console/sagas', false],
  ['/console/sagas', '/console/sagas/1', true],
  ['/console/tasks', '/console/tasks-other', false],
])('%s is current at %s: %s', (href, path, current) => expect(isCurrent(href, path)).toBe(current));
