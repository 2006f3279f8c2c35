import { expect, test } from 'vitest';
import { fieldsOf } from './schema-fields.ts';

test('lists the fields of a contract with what they may be', () => {
  const schema = {
    type: 'object',
    required: ['orderId', 'lines'],
    properties: {
      orderId: { type: 'string', format: 'uuid' },
      lines: {
        type: 'array',
        items: {
          type: 'object',
          required: ['quantity'],
          properties: {
            quantity: { type: 'integer', minimum: 1, maximum: 1_000 },
            note: { type: 'string', maxLength: 200 },
          },
        },
      },
      status: { enum: ['open', 'closed'] },
      total: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    },
  };
  expect(
    fieldsOf(schema).map(({ path, kind, isRequired }) => `${path}${isRequired ? '' : '?'}: ${kind}`),
  ).toEqual([
    'data: object',
    'data.orderId: string, uuid',
    'data.lines: list of object',
    'data.lines[].quantity: integer, 1 to 1000',
    'data.lines[].note?: string, 200 characters at most',
    'data.status?: "open" or "closed"',
    'data.total?: integer, 0 at least',
  ]);
});
