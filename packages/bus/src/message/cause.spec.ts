import { shipmentDelivered, shop } from '@emporium/contracts';
import { v7 as uuid } from 'uuid';
import { expect, test } from 'vitest';
import { causedBy, causeOf } from './cause.ts';
import { newContext } from './context.ts';
import { createMessage, readMessage } from './message.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a change by a request is caused by its span', () => {
  const actor = { kind: 'customer', id: 'c1' } as const;
  expect(causeOf(newContext({ correlationId: 'chat-1', traceparent }), actor)).toEqual({
    actor,
    correlationId: 'chat-1',
    causationId: 'b7ad6b7169203331',
  });
});

test('a change by a message is caused by its id', () => {
  const data = { orderId: uuid(), customerId: uuid(), shipmentId: uuid(), trackingNumber: 'T1' };
  const { id, body } = createMessage(
    'shipping',
    shipmentDelivered,
    data,
    newContext({ correlationId: 'chat-1' }),
  );
  expect(causedBy(readMessage(shop, new Set([shipmentDelivered]), body))).toEqual({
    actor: { kind: 'service', name: 'shipping' },
    correlationId: 'chat-1',
    causationId: id,
  });
});
