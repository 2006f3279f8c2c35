import { expect, test } from 'vitest';
import { fieldIn } from './reason-field.ts';

test.each([
  ['The message is invalid: contract: user.registered, data.email: Invalid email address', 'data.email'],
  ['data.lines.0.sku: is not known', 'data.lines.0.sku'],
  ['body.data.email must be an address', 'data.email'],
  ['The database.server is away', undefined],
  ['the server said no', undefined],
])('%s', (message, field) => {
  expect(fieldIn(message)).toBe(field);
});
