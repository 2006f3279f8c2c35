import { expect, test } from 'vitest';
import { viewportAfterKey, whole } from './viewport.ts';

const size = { width: 1_000, height: 500 };
const after = (...keys: string[]) =>
  keys.reduce((view, key) => viewportAfterKey(view, key, size) ?? view, whole);

test('arrows move, and the middle stays while one zooms', () => {
  expect(after('ArrowRight', 'ArrowDown')).toEqual({ x: 100, y: 50, scale: 1 });
  const { x, scale } = after('+');
  expect(x + size.width / scale / 2).toBe(500);
  expect(after('+', 'ArrowLeft', '0')).toEqual(whole);
});

test('there is a limit to both sides, and other keys do nothing', () => {
  expect(after(...Array<string>(30).fill('+')).scale).toBe(6);
  expect(after(...Array<string>(30).fill('-')).scale).toBe(0.5);
  expect(viewportAfterKey(whole, 'Enter', size)).toBeUndefined();
});
