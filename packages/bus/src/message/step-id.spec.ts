import { reserveStock, shop, stockReserved } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { newContext } from './context.ts';
import { createMessage, readMessage } from './message.ts';

const orderId = '019b0000-0000-7000-8000-000000000001';
const stepId = `${orderId}/reserve/1`;
const lines = [{ sku: 'MUG-1', quantity: 1 }];

/** As the release before the step id moved to the envelope wrote it. */
const oldBytes = (type: string, source: string, data: object): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      specversion: '1.0',
      id: '019b0000-0000-7000-8000-000000000009',
      source,
      type,
      subject: orderId,
      time: '2026-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: `urn:emporium:schema:${type}:1`,
      correlationid: 'c',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      hops: 1,
      data,
    }),
  );
const oldCommand = oldBytes('inventory.reserve-stock', 'order', { orderId, stepId, lines });
const parsed = (body: Uint8Array) => JSON.parse(new TextDecoder().decode(body));

test('a command of version 1 arrives as version 2, with its step id', () => {
  const { contract, data, stepId: read } = readMessage(shop, new Set([reserveStock]), oldCommand);
  expect([contract, data, read]).toEqual([reserveStock, { orderId, lines }, stepId]);
});

test('a command of version 1 is answered in version 1', () => {
  const { context } = readMessage(shop, new Set([reserveStock]), oldCommand);
  const reply = parsed(createMessage('inventory', stockReserved, { orderId }, context).body);
  expect(reply).toMatchObject({ type: 'stock.reserved', data: { orderId, stepId } });
});

test('a reply of version 1 arrives as version 2, with its step id', () => {
  const old = oldBytes('stock.reserved', 'inventory', { orderId, stepId });
  const { contract, data, stepId: read, context } = readMessage(shop, new Set([stockReserved]), old);
  expect([contract, data, read, context.reply]).toEqual([stockReserved, { orderId }, stepId, undefined]);
});

test('a command of version 2 is answered in version 2, under the same step id', () => {
  const { body } = createMessage('order', reserveStock, { orderId, lines }, newContext(), { stepId });
  const { context } = readMessage(shop, new Set([reserveStock]), body);
  const reply = parsed(createMessage('inventory', stockReserved, { orderId }, context).body);
  expect(reply).toMatchObject({ type: 'stock.reserved.v2', stepid: stepId, data: { orderId } });
});
