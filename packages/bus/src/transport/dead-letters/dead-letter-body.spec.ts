import { expect, test } from 'vitest';
import { maxBodyBytes, truncatedBodyBytes } from '../../transport.ts';
import { deadLetterBody } from './dead-letter-body.ts';

test('a dead letter keeps the whole body up to the limit of the transports', () => {
  const body = new Uint8Array(maxBodyBytes);
  const kept = deadLetterBody(body);
  expect(kept.body).toBe(body);
  expect(kept.truncatedFrom).toBeUndefined();
});

test('a dead letter keeps the beginning of a larger body, and its size', () => {
  const body = new Uint8Array(maxBodyBytes + 1).fill(7);
  const kept = deadLetterBody(body);
  expect(kept.truncatedFrom).toBe(maxBodyBytes + 1);
  expect(kept.body).toEqual(new Uint8Array(truncatedBodyBytes).fill(7));
});
