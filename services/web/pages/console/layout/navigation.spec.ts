import { expect, test } from 'vitest';
import { isCurrent } from './navigation.ts';

test.each([
  ['/console', '/console', true],
  ['/console', '/console/sagas', false],
  ['/console/sagas', '/console/sagas/1', true],
  ['/console/tasks', '/console/tasks-other', false],
])('%s is current at %s: %s', (href, path, current) => expect(isCurrent(href, path)).toBe(current));
