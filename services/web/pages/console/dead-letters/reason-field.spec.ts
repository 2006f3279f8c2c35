import { expect, test } from 'vitest';
import { fieldsIn } from './reason-field.ts';

test.each([
  [
    'It does not fit: contract: user.registered, data.id: Invalid, data.email: Invalid',
    ['data.id', 'data.email'],
  ],
  ['data.lines.0.sku: is not known', ['data.lines.0.sku']],
  ['body.data.email must be an address', ['data.email']],
  ['The database.server is away', []],
  ['the server said no', []],
])('%s', (message, fields) => {
  expect(fieldsIn(message)).toEqual(fields);
});
