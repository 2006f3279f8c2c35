import { resolve } from 'node:path';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { encodeOrderConfirmed, orderConfirmedName } from './order-confirmed.ts';

const order = {
  eventId: '019ac000-0000-7000-8000-000000000001',
  confirmedAt: new Date('2026-11-29T12:34:56.789Z'),
  data: {
    orderId: '019ac000-0000-7000-8000-000000000002',
    customerId: '019ac000-0000-7000-8000-000000000003',
    lines: [
      { sku: 'MUG', quantity: 2, unitPrice: { amount: 1_250, currency: 'EUR' } },
      { sku: 'TEA-GREEN', quantity: 10_000, unitPrice: { amount: 0, currency: 'EUR' } },
    ],
    total: { amount: 2_500, currency: 'EUR' },
  },
};

const text = (value: string) => Buffer.from(value).toString('hex');
/** A field of length-delimited bytes, as hexadecimal digits. */
const field = (tag: string, hex: string) => `${tag}${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`;

const golden = [
  field('0a', text('019ac000-0000-7000-8000-000000000001')),
  field('12', text('019ac000-0000-7000-8000-000000000002')),
  field('1a', text('019ac000-0000-7000-8000-000000000003')),
  field('22', '08f0b7b0d80610c0de9cf802'),
  field('2a', '0a034d554710021a0808e209' + '1203455552'),
  field('2a', '0a095445412d475245454e10904e1a051203455552'),
  field('32', '08c413' + '1203455552'),
].join('');

test('a confirmed order has these bytes', () => {
  expect(Buffer.from(encodeOrderConfirmed(order)).toString('hex')).toBe(golden);
});

/** What another implementation of Protocol Buffers reads with the committed file. */
const decode = async (bytes: Uint8Array) => {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => resolve(import.meta.dirname, '../../proto', target);
  await root.load('emporium/warehouse/v1/order_confirmed.proto');
  const type = root.lookupType(orderConfirmedName);
  return type.toObject(type.decode(bytes), { longs: String });
};

test('another implementation reads the same order', async () => {
  expect(await decode(encodeOrderConfirmed(order))).toEqual({
    eventId: order.eventId,
    orderId: order.data.orderId,
    customerId: order.data.customerId,
    confirmedAt: { seconds: '1795955696', nanos: 789_000_000 },
    lines: [
      { sku: 'MUG', quantity: 2, unitPrice: { minorUnits: '1250', currencyCode: 'EUR' } },
      { sku: 'TEA-GREEN', quantity: 10_000, unitPrice: { currencyCode: 'EUR' } },
    ],
    total: { minorUnits: '2500', currencyCode: 'EUR' },
  });
});

test('amounts beyond 32 bits are exact', async () => {
  const total = { amount: 1_000_000_000_000, currency: 'JPY' };
  const decoded = await decode(encodeOrderConfirmed({ ...order, data: { ...order.data, total } }));
  expect(decoded).toMatchObject({ total: { minorUnits: '1000000000000', currencyCode: 'JPY' } });
});

test.each([
  ['a quantity that does not fit', { lines: [{ ...order.data.lines[0]!, quantity: 2 ** 32 }] }],
  ['an amount that does not fit', { total: { amount: 2 ** 63, currency: 'EUR' } }],
  ['an amount that is no whole number', { total: { amount: 0.5, currency: 'EUR' } }],
])('%s is an error', (_, change) => {
  expect(() => encodeOrderConfirmed({ ...order, data: { ...order.data, ...change } })).toThrow();
});
