import {
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderPlaced,
  paymentAuthorised,
  paymentCaptureFailed,
  productPriceChanged,
  shipmentDelivered,
  shipmentDispatched,
  shop,
  stockRejected,
  stockReserved,
} from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Fulfilment } from '../src/fulfilment.ts';
import { messageOf, type Orders, openOrders, type Published } from './support/orders.ts';
import { converse, createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');

/** The list is a projection, which transactions of other suites on the same server can delay. */
const patience = { timeout: 20_000 };
const paymentToken = 'tok_9f2c4e1a';
const lines = [
  { sku: 'MUG-1', quantity: 2 },
  { sku: 'LAMP-7', quantity: 1 },
];
const total = { amount: 7_400, currency: 'EUR' };

const typesOf = (messages: readonly Published[]) => messages.map(({ type }) => type);
const whatHappened = (body: { timeline: { what: string }[] }) => body.timeline.map(({ what }) => what);

describe.skipIf(!postgres.available)(postgres.title('orders'), () => {
  let orders: Orders;

  beforeAll(async () => {
    orders = await openOrders(postgres.url, { ORDER_RETRY_DELAY_MS: 10, ORDER_STEP_ATTEMPTS: 2 });
    await orders.list('MUG-1', 1_250);
    await orders.list('LAMP-7', 4_900);
  });
  afterEach(() => orders.published());
  afterAll(() => orders.close());

  const place = async (): Promise<Fulfilment> => {
    const customerId = uuid();
    const payload = { lines, paymentToken };
    const { status, body } = await orders.ask('POST', '/api/orders', { as: customerId, payload });
    expect(status).toBe(202);
    return { orderId: body.orderId, customerId, lines, total, paymentToken };
  };
  const view = async ({ orderId, customerId }: Fulfilment) =>
    (await orders.ask('GET', `/api/orders/${orderId}`, { as: customerId })).body;
  const reserved = ({ orderId }: Fulfilment) =>
    messageOf('inventory', stockReserved, { orderId }, { stepId: `${orderId}/reserve/1` });
  const authorised = ({ orderId }: Fulfilment) =>
    messageOf('payment', paymentAuthorised, { orderId, total }, { stepId: `${orderId}/authorise/1` });
  const shipment = ({ orderId, customerId }: Fulfilment) => ({
    orderId,
    customerId,
    shipmentId: uuid(),
    trackingNumber: 'T1',
  });
  const dispatched = (order: Fulfilment) =>
    messageOf(
      'shipping',
      shipmentDispatched,
      { ...shipment(order) },
      { stepId: `${order.orderId}/dispatch/1` },
    );
  const delivered = (order: Fulfilment) => messageOf('shipping', shipmentDelivered, shipment(order));

  test('a placed order can be read at once, and its first command is published with its event', async () => {
    const customerId = uuid();
    const { status, headers, body } = await orders.ask('POST', '/api/orders', {
      as: customerId,
      payload: { lines, paymentToken },
      headers: { 'x-correlation-id': 'a-request-of-ada' },
    });
    const href = `/api/orders/${body.orderId}`;
    expect([status, headers['location'], body]).toEqual([
      202,
      href,
      { orderId: body.orderId, status: 'placed', total, href },
    ]);
    expect((await orders.ask('GET', href, { as: customerId })).body).toMatchObject({
      orderId: body.orderId,
      status: 'placed',
      total,
      lines: [
        { sku: 'MUG-1', quantity: 2, unitPrice: { amount: 1_250, currency: 'EUR' } },
        { sku: 'LAMP-7', quantity: 1, unitPrice: { amount: 4_900, currency: 'EUR' } },
      ],
      timeline: [{ what: 'placed' }],
    });
    const published = await orders.published();
    expect(typesOf(published)).toEqual(['inventory.reserve-stock.v2', 'order.placed.v2', 'order.placed']);
    expect(published.map(({ correlationid }) => correlationid)).toEqual([
      'a-request-of-ada',
      'a-request-of-ada',
      'a-request-of-ada',
    ]);
    expect(Date.parse(published[0]?.expiry ?? '')).toBeGreaterThan(Date.now());
  });

  test('completes with each reply delivered twice, and publishes each event once', async () => {
    const order = await place();
    const answering = createAnswering(order);
    const published = await converse(orders, answering);
    expect(typesOf(published).toSorted()).toEqual([
      'inventory.commit-reservation.v2',
      'inventory.reserve-stock.v2',
      'order.completed',
      'order.confirmed',
      'order.placed',
      'order.placed.v2',
      'payment.authorise.v2',
      'payment.capture.v2',
      'shipping.dispatch-order.v2',
    ]);
    expect(answering.participantState()).toMatchObject({
      stock: 'committed',
      payment: 'captured',
      captures: 1,
    });
    expect(whatHappened(await view(order))).toEqual([
      'placed',
      'stock reserved',
      'payment authorised',
      'confirmed',
      'dispatched',
      'stock sold',
      'payment captured',
      'completed',
    ]);
    expect((await view(order)).status).toBe('completed');
  });

  test('completes with version 1 of its commands and their replies, while older instances run', async () => {
    const older = await openOrders(postgres.url, { ORDER_COMMAND_VERSION: '1' });
    try {
      await older.list('MUG-1', 1_250);
      const as = uuid();
      const payload = { lines: [{ sku: 'MUG-1', quantity: 2 }], paymentToken };
      const { body } = await older.ask('POST', '/api/orders', { as, payload });
      const order = { ...payload, orderId: body.orderId, customerId: as, total: body.total };
      const answering = createAnswering(order);
      const published = await converse(older, answering);
      const commands = published.filter(({ type }) => shop.contract(type)?.kind === 'command');
      expect(typesOf(commands)).toEqual([
        'inventory.reserve-stock',
        'payment.authorise',
        'shipping.dispatch-order',
        'inventory.commit-reservation',
        'payment.capture',
      ]);
      for (const { data, stepid } of commands) {
        expect(data['stepId']).toMatch(new RegExp(`^${order.orderId}/[a-z]+/1$`));
        expect(stepid).toBeUndefined();
      }
      expect(answering.replyTypes()).toEqual([
        'stock.reserved',
        'payment.authorised',
        'shipment.dispatched',
        'stock.committed',
        'payment.captured',
      ]);
      expect((await older.ask('GET', `/api/orders/${order.orderId}`, { as })).body.status).toBe('completed');
    } finally {
      await older.close();
    }
  });

  test('public events have the id and the version of the stored events', async () => {
    const order = await place();
    const published = await converse(orders, createAnswering(order));
    const { rows } = await sql<{ id: string; type: string; version: number }>`
      select id, type, version from event where stream = ${order.orderId} order by version`.execute(
      orders.store.db,
    );
    for (const { name } of [orderPlaced, orderConfirmed, orderCompleted]) {
      const stored = rows.find(({ type }) => `order.${type}` === name);
      expect(published.find(({ type }) => type === name)).toMatchObject({
        id: stored?.id,
        sequence: stored?.version,
        subject: order.orderId,
      });
    }
  });

  test('a declined payment: the stock is released before the order is cancelled', async () => {
    const order = await place();
    const answering = createAnswering(order, (step) => step === 'authorise');
    const published = await converse(orders, answering);
    expect(whatHappened(await view(order))).toEqual([
      'placed',
      'stock reserved',
      'payment declined',
      'cancelling',
      'stock released',
      'cancelled',
    ]);
    expect(published.filter(({ type }) => type === orderCancelled.name)).toMatchObject([
      { data: { orderId: order.orderId, cancellation: 'payment-declined', reason: 'declined' } },
    ]);
    expect(answering.participantState()).toMatchObject({ stock: 'released', payment: 'declined' });
  });

  test('a refusal of a hundred lines cancels the order, with a reason that is not too long', async () => {
    const order = await place();
    const { orderId } = order;
    const missing = Array.from({ length: 100 }, (_, n) => ({
      sku: `SOMETHING-WITH-A-LONG-NAME-${n}`,
      requested: 10_000,
      available: 9_999,
    }));
    const stepId = `${orderId}/reserve/1`;
    await orders.handleTwice(
      messageOf('inventory', stockRejected, { orderId, reason: 'out-of-stock', missing }, { stepId }),
    );
    expect(await view(order)).toMatchObject({ status: 'cancelled', cancellation: 'out-of-stock' });
  });

  test('refused captures are retried, then the order is parked, and a person resumes it', async () => {
    const order = await place();
    let isRefused = true;
    const answering = createAnswering(order, (step) => step === 'capture' && isRefused);
    await converse(orders, answering);
    await expect
      .poll(async () => {
        await converse(orders, answering); // the second attempt, after its delay
        return (await view(order)).status;
      }, patience)
      .toBe('needs-attention');
    const admin = { as: uuid(), role: 'administrator' } as const;
    await expect
      .poll(
        async () => (await orders.ask('GET', '/api/admin/orders?status=needs-attention', admin)).body.orders,
        patience,
      )
      .toMatchObject([{ orderId: order.orderId, customerId: order.customerId }]);

    isRefused = false;
    const resumed = await orders.ask('POST', `/api/admin/orders/${order.orderId}/resume`, admin);
    expect([resumed.status, (await view(order)).status]).toEqual([202, 'confirmed']);
    await converse(orders, answering);
    expect((await view(order)).status).toBe('completed');
    const again = await orders.ask('POST', `/api/admin/orders/${order.orderId}/resume`, admin);
    expect([again.status, again.body.type]).toEqual([409, 'urn:emporium:problem:not-parked']);
  });

  test('a delivery that arrives before the dispatch: both are recorded', async () => {
    const order = await place();
    await orders.handle(reserved(order));
    await orders.handle(authorised(order));
    await orders.handleTwice(delivered(order));
    await orders.handleTwice(dispatched(order));
    await orders.handle(delivered(order)); // again, as another message
    expect(whatHappened(await view(order))).toEqual([
      'placed',
      'stock reserved',
      'payment authorised',
      'confirmed',
      'delivered',
      'dispatched',
    ]);
    await orders.published();
  });

  test('a delivery after the completion: the order stays completed', async () => {
    const order = await place();
    await converse(orders, createAnswering(order));
    await orders.handleTwice(delivered(order));
    expect(whatHappened(await view(order)).slice(-2)).toEqual(['completed', 'delivered']);
    expect((await view(order)).status).toBe('completed');
    expect(await orders.published()).toEqual([]);
  });

  test('a delivery of an unknown order is a permanent failure', async () => {
    const strange = { orderId: uuid(), customerId: uuid(), lines, total, paymentToken };
    await expect(orders.handle(delivered(strange))).rejects.toMatchObject({ code: 'bus.permanent' });
  });

  test('a reply to an unknown order is ignored and logged', async () => {
    const orderId = uuid();
    await orders.handle(
      messageOf('inventory', stockReserved, { orderId }, { stepId: `${orderId}/reserve/1` }),
    );
    expect(orders.lines.some((line) => line.includes(orderId) && line.includes('no such saga'))).toBe(true);
  });

  test('several replies to one order in the same group are all handled', async () => {
    const order = await place();
    await Promise.all([reserved(order), authorised(order), dispatched(order)].map(orders.handle));
    expect(whatHappened(await view(order))).toEqual([
      'placed',
      'stock reserved',
      'payment authorised',
      'confirmed',
      'dispatched',
    ]);
    expect(typesOf(await orders.published()).toSorted()).toEqual([
      'inventory.commit-reservation.v2',
      'inventory.reserve-stock.v2',
      'order.confirmed',
      'order.placed',
      'order.placed.v2',
      'payment.authorise.v2',
      'shipping.dispatch-order.v2',
    ]);
  });

  test('two instances that receive the same replies change each order once', async () => {
    const second = orders.createInstance();
    const placed = await Promise.all(Array.from({ length: 20 }, place));
    await orders.published();
    const replies = placed.map(reserved);
    await Promise.all([...replies.map(orders.handle), ...replies.toReversed().map(second.handle)]);
    expect(typesOf(await orders.published())).toEqual(Array(20).fill('payment.authorise.v2'));
    for (const order of placed) expect(whatHappened(await view(order))).toEqual(['placed', 'stock reserved']);
  });

  test('a reservation whose reply arrives after the release is released again, and the order stays cancelled', async () => {
    const order = await place();
    const answering = createAnswering(order, (step) => step === 'authorise');
    await converse(orders, answering);
    await orders.handleTwice(reserved(order)); // another message than the first, and late
    expect(typesOf(await converse(orders, answering))).toEqual(['inventory.release-stock.v2']);
    expect(whatHappened(await view(order)).slice(-2)).toEqual(['cancelled', 'stock released']);
    expect((await view(order)).status).toBe('cancelled');
  });

  test('the price is the newest one at the time of the order', async () => {
    await orders.list('POSTER-3', 2_000);
    const changeTo = (amount: number, sequence: number) =>
      orders.handleTwice(
        messageOf(
          'inventory',
          productPriceChanged,
          { sku: 'POSTER-3', price: { amount, currency: 'EUR' } },
          { sequence },
        ),
      );
    const priceNow = async () => {
      const payload = { lines: [{ sku: 'POSTER-3', quantity: 1 }], paymentToken };
      const { body } = await orders.ask('POST', '/api/orders', { as: uuid(), payload });
      return body.total.amount;
    };
    await changeTo(2_500, 100);
    await changeTo(1_000, 99); // older, and later
    expect(await priceNow()).toBe(2_500);
  });

  test('the payment token is published only with the authorisation, and never logged', async () => {
    const order = await place();
    const published = await converse(orders, createAnswering(order));
    const telling = published.filter((message) => JSON.stringify(message).includes(paymentToken));
    expect(typesOf(telling)).toEqual(['payment.authorise.v2']);
    const { rows } = await sql`select from event where data::text like ${`%${paymentToken}%`}`.execute(
      orders.store.db,
    );
    expect(rows).toEqual([]);
    expect(orders.lines.filter((line) => line.includes(paymentToken))).toEqual([]);
    expect(JSON.stringify(await view(order))).not.toContain(paymentToken);
  });

  test('a refused capture of an earlier attempt changes nothing', async () => {
    const order = await place();
    const { orderId } = order;
    await converse(orders, createAnswering(order));
    await orders.handleTwice(
      messageOf(
        'payment',
        paymentCaptureFailed,
        { orderId, reason: 'late' },
        { stepId: `${orderId}/capture/1` },
      ),
    );
    expect((await view(order)).status).toBe('completed');
  });
});

describe.skipIf(!postgres.available)(postgres.title('orders whose services do not answer'), () => {
  let orders: Orders;

  beforeAll(async () => {
    orders = await openOrders(postgres.url, {
      ORDER_STEP_DEADLINE_MS: 100,
      ORDER_DISPATCH_DEADLINE_MS: 100,
      ORDER_STEP_ATTEMPTS: 2,
    });
    await orders.list('MUG-1', 1_250);
  });
  afterAll(() => orders.close());

  test('are compensated after the deadline, in the context of the same request; finally they are parked', async () => {
    const customerId = uuid();
    const { body } = await orders.ask('POST', '/api/orders', {
      as: customerId,
      payload: { lines: [{ sku: 'MUG-1', quantity: 1 }], paymentToken },
      headers: { 'x-correlation-id': 'a-request-of-grace' },
    });
    await expect
      .poll(async () => (await orders.ask('GET', body.href, { as: customerId })).body.status, patience)
      .toBe('needs-attention');
    const published = await orders.published();
    expect(typesOf(published)).toEqual([
      'inventory.reserve-stock.v2',
      'order.placed.v2',
      'order.placed',
      'inventory.release-stock.v2',
      'inventory.release-stock.v2',
      'order.parked',
    ]);
    expect(new Set(published.map(({ correlationid }) => correlationid))).toEqual(
      new Set(['a-request-of-grace']),
    );
    const [reserve, , , release] = published;
    const late = createAnswering({
      orderId: body.orderId,
      customerId,
      lines,
      total,
      paymentToken,
    });
    if (reserve === undefined || release === undefined) throw new Error('nothing was asked');
    const released = late.answer(release);
    const refused = late.answer(reserve); // refused by the tombstone
    if (released === undefined || refused === undefined) throw new Error('nobody answered');
    await orders.handleTwice(refused);
    await orders.handleTwice(released);
    expect((await orders.ask('GET', body.href, { as: customerId })).body).toMatchObject({
      status: 'cancelled',
      cancellation: 'timed-out',
    });
  });
});
