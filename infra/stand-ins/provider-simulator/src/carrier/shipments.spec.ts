import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Shipment } from './records.ts';
import { createShipments } from './shipments.ts';
import { sign } from './signature.ts';

const newShipments = () => {
  const dispatched: Shipment[] = [];
  const shipments = createShipments({
    file: undefined,
    onDispatched: (shipment) => dispatched.push(shipment),
  });
  return { shipments, dispatched };
};
const refusal = (code: string) => expect.objectContaining({ code });

test('the same key ships once', () => {
  const { shipments, dispatched } = newShipments();
  const first = shipments.ship('k', { reference: 'order-1' }, false);
  expect(first).toMatchObject({
    status: 201,
    body: { status: 'dispatched', trackingNumber: expect.stringMatching(/^EM\d{9}DE$/) },
  });
  expect(shipments.ship('k', { reference: 'order-1' }, false)).toEqual(first);
  expect(shipments.ship('k', { reference: 'order-2' }, false)).toEqual(refusal('idempotency_key_reused'));
  expect(dispatched).toHaveLength(1);
});

test('a dispatched shipment cannot be cancelled', () => {
  const { shipments } = newShipments();
  shipments.ship('k', { reference: 'order-1' }, false);
  expect(shipments.cancel('order-1', false)).toEqual(refusal('already_dispatched'));
});

test('a cancelled reference is never shipped, under any key', () => {
  const { shipments, dispatched } = newShipments();
  expect(shipments.cancel('order-1', false)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  expect(shipments.cancel('order-1', false)).toMatchObject({ status: 200 });
  expect(shipments.ship('k1', { reference: 'order-1' }, false)).toEqual(refusal('shipment_cancelled'));
  expect(shipments.ship('k2', { reference: 'order-1' }, false)).toEqual(refusal('shipment_cancelled'));
  expect(dispatched).toEqual([]);
});

test('a rejection is stored under its key', () => {
  const { shipments } = newShipments();
  expect(shipments.ship('k', { reference: 'order-1' }, true)).toEqual(refusal('address_not_served'));
  expect(shipments.ship('k', { reference: 'order-1' }, false)).toEqual(refusal('address_not_served'));
  expect(shipments.ship('k2', { reference: 'order-1' }, false)).toMatchObject({ status: 201 });
});

test('a shipment is delivered once', () => {
  const { shipments, dispatched } = newShipments();
  shipments.ship('k', { reference: 'order-1' }, false);
  const id = dispatched[0]?.id ?? '';
  const delivered = shipments.deliver(id);
  expect(shipments.deliver(id)).toEqual(delivered);
  shipments.markReported(id);
  expect(shipments.list('order-1')).toMatchObject([{ status: 'delivered', reportedAt: expect.any(String) }]);
});

test('the signature covers the time and the body', () => {
  const mac = createHmac('sha256', 'a secret').update('1700000000.{"a":1}').digest('hex');
  expect(sign('a secret', '{"a":1}', 1_700_000_000)).toBe(`t=1700000000,v1=${mac}`);
});
