import { type Message, newContext, readMessage } from '@emporium/bus';
import { type Contract, orderConfirmed, shop } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { confirmed, order } from '../../test/support/orders.ts';
import { onOrderConfirmed } from './order-confirmed.ts';

const message = readMessage(shop, new Set<Contract>([orderConfirmed]), confirmed().body);
const warehouse = { send: async () => undefined };
const before = (received: Message, to: typeof warehouse | undefined = warehouse) =>
  onOrderConfirmed(to).before(received, undefined, new Date());

test('a confirmed order is sent under the id of the event', () => {
  expect(before(message)).toMatchObject({
    request: { message: { routingKey: 'order.confirmed.v1', properties: { messageId: message.id } } },
  });
});

test('without a warehouse nothing is sent, and the message is handled', () => {
  expect(onOrderConfirmed(undefined).before(message, undefined, new Date())).toEqual({});
});

test('an order that cannot be encoded is a dead letter at once', () => {
  const wrong = { ...order(), total: { amount: 2 ** 63, currency: 'EUR' } };
  const received: Message = { ...message, data: wrong, context: newContext() };
  expect(() => before(received)).toThrow(
    expect.objectContaining({ code: 'bridge.unencodable', settle: 'dead-letter' }),
  );
});
