import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { command, type Data, event, type Input } from './define.ts';

const schema = z.object({ orderId: z.string(), note: z.string().optional() });

test('the wire type of version 1 is the name, and later versions add theirs', () => {
  const first = event('order.placed', { owner: 'order', version: 1, key: 'orderId', schema });
  const second = event('order.placed', {
    owner: 'order',
    version: 2,
    key: 'orderId',
    schema,
    upcast: { from: first, with: (data) => data },
  });
  expect([first.type, second.type]).toEqual(['order.placed', 'order.placed.v2']);
  expect([first.schemaId, second.schemaId]).toEqual([
    'urn:emporium:schema:order.placed:1',
    'urn:emporium:schema:order.placed:2',
  ]);
  expect(second.upcast?.from).toBe(first);
  expect(first.upcast).toBeUndefined();
});

test('an event has an owner and no senders', () => {
  const placed = event('order.placed', { owner: 'order', version: 1, key: 'orderId', schema });
  expect(placed).toMatchObject({
    kind: 'event',
    owner: 'order',
    senders: [],
    key: 'orderId',
    deprecated: false,
  });
});

test('a command has an owner, which handles it, and senders', () => {
  const reserve = command('inventory.reserve', {
    owner: 'inventory',
    senders: ['order'],
    version: 1,
    key: 'orderId',
    schema,
    deprecated: true,
  });
  expect(reserve).toMatchObject({
    kind: 'command',
    owner: 'inventory',
    senders: ['order'],
    deprecated: true,
  });
});

test('a contract has the types of its input and of its data', () => {
  const placed = event('order.placed', { owner: 'order', version: 1, key: 'orderId', schema });
  expectTypeOf<Input<typeof placed>>().toEqualTypeOf<{ orderId: string; note?: string | undefined }>();
  expectTypeOf<Data<typeof placed>>().toEqualTypeOf<{ orderId: string; note?: string | undefined }>();
  // @ts-expect-error the key must be a field
  expect(event('order.placed', { owner: 'order', version: 1, key: 'id', schema }).key).toBe('id');
});
