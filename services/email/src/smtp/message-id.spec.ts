import { expect, test } from 'vitest';
import { messageIdOf } from './message-id.ts';

test('an event id becomes the Message-ID', () => {
  const id = '0198c5c0-0000-7000-8000-000000000001';
  expect(messageIdOf(id, 'shop.example')).toBe(`${id}@shop.example`);
});

test('an id that is not valid in a header is hashed', () => {
  const odd = ['a>\r\nBcc: x@y.example', 'a b', 'é', 'x'.repeat(1_000), '\ud800'];
  const ids = odd.map((id) => messageIdOf(id, 'shop.example'));
  expect(new Set(ids).size).toBe(odd.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}@shop\.example$/);
});
