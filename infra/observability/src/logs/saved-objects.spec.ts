import { expect, test } from 'vitest';
import { savedObjects } from './saved-objects.ts';

test('what is referred to is there, and the id of a trace links to Jaeger', () => {
  const objects = savedObjects('http://127.0.0.1:16686');
  const known = new Set(objects.map(({ type, id }) => `${type} ${id}`));
  expect(known.size).toBe(objects.length);
  for (const { type, id } of objects.flatMap(({ references }) => references))
    expect(known).toContain(`${type} ${id}`);
  expect(JSON.stringify(objects[0])).toContain('http://127.0.0.1:16686/trace/{{value}}');
});
