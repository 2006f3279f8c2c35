import { expect, test } from 'vitest';
import { describe } from './shop-client.ts';

const errors = [{ field: 'url', message: 'must begin with https:' }];

test.each([
  [{ status: 502, body: {} }, 'it answered 502'],
  [{ status: 404, body: { detail: 'There is no such webhook.' } }, 'There is no such webhook.'],
  [{ status: 422, body: { detail: 'url must begin with https:', errors } }, 'url must begin with https:'],
  [{ status: 422, body: { detail: 'It is refused.', errors } }, 'It is refused. url must begin with https:'],
])('a problem is said once: %j', (response, text) => expect(describe(response)).toBe(text));
