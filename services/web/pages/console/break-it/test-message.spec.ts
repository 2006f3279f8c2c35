import { expect, test } from 'vitest';
import { z } from 'zod';
import { newMessageId, requestOf, testMessages } from './test-message.ts';

test('copies are sent with one id, and only the poison message has no e-mail address', () => {
  const now = new Date('2026-05-01T10:00:00Z');
  const [twice, poison] = testMessages.map((message) => requestOf(message, 'm1', now).body);
  expect(twice).toMatchObject({ id: 'm1', data: { email: 'm1@example.com' } });
  expect(poison).toMatchObject({ id: 'm1', data: { email: 'm1(at)example.com' } });
  expect(testMessages.map(({ copies }) => copies)).toEqual([2, 1]);
});

test('an id is a UUIDv7, which the contracts demand, and begins with its time', () => {
  const id = newMessageId(new Date('2026-05-01T10:00:00Z'), crypto.randomUUID());
  expect(z.uuidv7().safeParse(id).success).toBe(true);
  expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(Date.parse('2026-05-01T10:00:00Z'));
});
