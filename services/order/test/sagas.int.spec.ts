import {
  paymentCaptured,
  paymentRefunded,
  paymentVoided,
  shipmentCancelled,
  shipmentDispatched,
  stockCommitted,
} from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { messageOf, type Orders, openOrders } from './support/orders.ts';
import { createParked } from './support/parked.ts';
import { createRefunds, eur, reason } from './support/refunds.ts';
import { converse, createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');
const note = 'talked to the provider';

describe.skipIf(!postgres.available)(postgres.title('sagas for administrators'), () => {
  let orders: Orders;
  let parked: ReturnType<typeof createParked>;

  beforeAll(async () => {
    orders = await openOrders(postgres.url, { ORDER_STEP_ATTEMPTS: 2, ORDER_RETRY_DELAY_MS: 10 });
    parked = createParked(orders);
    await orders.list('MUG-1', 1_250);
    await orders.list('LAMP-7', 4_900);
  });
  afterEach(async () => {
    await sql`delete from saga where not final`.execute(orders.store.db); // their deadlines would send commands
    await orders.published();
    expect(orders.lines.filter((line) => line.includes('request failed'))).toEqual([]); // what a 500 logs
  });
  afterAll(() => orders.close());

  const parkedAtCapture = async () => {
    const order = await parked.place();
    await parked.converse(order, { silent: ['payment.capture'] });
    await parked.parkUnanswered(order.orderId);
    await orders.published();
    return order;
  };
  const parkedAtVoid = async () => {
    const order = await parked.place();
    await parked.converse(order, { silent: ['payment.void'], refuses: (step) => step === 'dispatch' });
    await parked.parkUnanswered(order.orderId);
    await orders.published();
    return order;
  };
  const parkedAtCancel = async () => {
    const order = await parked.place();
    await parked.converse(order, { silent: ['shipping.dispatch-order'] });
    await parked.parkUnanswered(order.orderId);
    await orders.published();
    return order;
  };
  const parkedRefund = async () => {
    const refunds = createRefunds(orders);
    const { orderId, customerId } = await refunds.completed();
    const refundId = await refunds.requested(orderId, { amount: eur(7_000) });
    await parked.parkUnanswered(refundId);
    await orders.published();
    return { refunds, orderId, customerId, refundId };
  };
  const stepIdOf = (orderId: string, step: string) => ({ stepId: `${orderId}/${step}/1` });

  describe('one saga', () => {
    test('says what is done, running and remaining, and what happens at its deadline', async () => {
      const order = await parked.place();
      await parked.converse(order, { silent: ['payment.authorise'] });
      expect(await parked.show(order.orderId)).toMatchObject({
        ...{
          saga: 'fulfilment',
          id: order.orderId,
          orderId: order.orderId,
          state: 'running',
          step: 'authorise',
        },
        steps: [
          { step: 'reserve', status: 'done', attempt: 1, byHand: false },
          { step: 'authorise', status: 'running' },
          { step: 'dispatch', status: 'remaining' },
          { step: 'commit', status: 'remaining' },
          { step: 'capture', status: 'remaining' },
        ],
        pending: { step: 'authorise', command: 'command' },
        deadline: { isOverdue: false, next: 'compensate' },
        compensationOrder: ['authorise', 'reserve'],
        actions: [],
        order: `/api/orders/${order.orderId}`,
      });
    });

    test('says why it is parked, and what can be done', async () => {
      const { orderId } = await parkedAtCapture();
      const shown = await parked.show(orderId);
      expect(shown).toMatchObject({
        state: 'parked',
        parked: { step: 'capture', reason: 'no reply to 2 commands' },
        compensationOrder: [],
      });
      expect(shown.deadline).toBeUndefined();
      expect(shown.possible).toEqual([
        { action: 'retry', isPossible: true },
        {
          action: 'compensate',
          isPossible: false,
          reason: 'dispatch has happened, and after it the saga only goes forward',
        },
        { action: 'resolve', outcome: 'done', isPossible: true },
        {
          ...{ action: 'resolve', outcome: 'abandoned', isPossible: false },
          reason: 'only a saga without a pivot can be abandoned',
        },
      ]);
    });

    test('that does not exist is a 404, for every action too', async () => {
      expect((await orders.ask('GET', `/api/admin/sagas/${uuid()}`, parked.administrator)).status).toBe(404);
      for (const action of ['retry', 'compensate', 'resolve'])
        expect((await parked.act(uuid(), action, { note })).status).toBe(404);
    });

    test('is for administrators alone', async () => {
      const { orderId, customerId } = await parked.place();
      for (const path of ['/api/admin/sagas', `/api/admin/sagas/${orderId}`])
        expect((await orders.ask('GET', path, { as: customerId })).status).toBe(403);
      const retry = { as: customerId, payload: {} };
      expect((await orders.ask('POST', `/api/admin/sagas/${orderId}/retry`, retry)).status).toBe(403);
    });
  });

  describe('a retry', () => {
    test('sends the pending command again, and is recorded with who and why', async () => {
      const order = await parkedAtCapture();
      const answer = await parked.act(order.orderId, 'retry', { note });
      expect([answer.status, answer.body]).toEqual([
        202,
        {
          saga: 'fulfilment',
          id: order.orderId,
          state: 'running',
          href: `/api/admin/sagas/${order.orderId}`,
        },
      ]);
      expect(answer.headers['emporium-version']).toBeDefined();
      expect(parked.names(await parked.converse(order))).toContain('payment.capture');
      const shown = await parked.show(order.orderId);
      expect(shown.actions).toEqual([
        {
          action: 'retry',
          from: { state: 'running', step: 'capture', reason: 'no reply to 2 commands' },
          by: parked.administrator.as,
          note,
          at: expect.any(String),
        },
      ]);
      const history = await orders.ask('GET', `/api/orders/${order.orderId}/history`, parked.administrator);
      const resumed = history.body.events.find(({ type }: { type: string }) => type === 'resumed');
      expect(resumed.actor).toEqual({ kind: 'administrator', id: parked.administrator.as });
      expect(JSON.stringify(history.body)).not.toContain(note); // events are kept for ever, a note is not
    });

    test('needs no note and no body', async () => {
      const { orderId } = await parkedAtCapture();
      expect((await parked.act(orderId, 'retry')).status).toBe(202);
    });

    test('has a deprecated address, which is recorded, too', async () => {
      const { orderId } = await parkedAtCapture();
      const path = `/api/admin/orders/${orderId}/resume`;
      expect((await orders.ask('POST', path, parked.administrator)).status).toBe(202);
      expect((await orders.ask('POST', path, parked.administrator)).status).toBe(409);
      expect((await parked.show(orderId)).actions).toMatchObject([{ action: 'retry' }]);
    });
  });

  test('the deprecated addresses resolve nothing, and say where that is done with a note', async () => {
    const order = await parkedAtCapture();
    const { orderId, total } = order;
    await parked.act(orderId, 'resolve', { note });
    await orders.handle(
      messageOf('payment', paymentCaptured, { orderId, total }, stepIdOf(orderId, 'capture')),
    );
    await orders.published();
    const refund = await parkedRefund();
    await parked.act(refund.refundId, 'resolve', { note });
    await orders.handle(refund.refunds.paidBack(refund.orderId, refund.refundId, 7_000));
    for (const [path, id] of [
      [`/api/admin/orders/${orderId}/resume`, orderId],
      [`/api/admin/orders/${refund.orderId}/refunds/${refund.refundId}/resume`, refund.refundId],
    ] as const) {
      const { status, body } = await orders.ask('POST', path, parked.administrator);
      expect([status, body.type]).toEqual([409, 'urn:emporium:problem:not-possible']);
      expect(body.detail).toContain(`POST /api/admin/sagas/${id}/resolve`);
      expect((await parked.show(id)).state).toBe('parked');
      expect((await parked.show(id)).actions).toHaveLength(1);
    }
  });

  describe('a resolution', () => {
    test('of a capture completes the order, releases what is on hold, and counts as paid by hand', async () => {
      const order = await parkedAtCapture();
      expect((await parked.act(order.orderId, 'resolve', { note })).body.state).toBe('completed');
      expect(parked.names(await orders.published()).toSorted()).toEqual(['order.completed', 'payment.void']);
      expect(await parked.view(order)).toMatchObject({
        status: 'completed',
        settledByHand: { paid: order.total, refunded: { amount: 0 } },
      });
      expect((await parked.timeline(order)).slice(-3)).toEqual([
        ...['resumed', 'payment captured by hand', 'completed'],
      ]);
      await orders.handleTwice(
        messageOf('payment', paymentVoided, { orderId: order.orderId }, { stepId: 'any' }),
      );
      expect(await parked.stateOf(order.orderId)).toBe('completed');
    });

    test('of a capture that succeeds afterwards parks the order again: the customer has paid twice', async () => {
      const order = await parkedAtCapture();
      const { orderId, total } = order;
      await parked.act(orderId, 'resolve', { note });
      await orders.handleTwice(
        messageOf('payment', paymentCaptured, { orderId, total }, stepIdOf(orderId, 'capture')),
      );
      expect(await parked.show(orderId)).toMatchObject({
        state: 'parked',
        parked: { step: 'capture', reason: 'capture succeeded although a person had done it by hand' },
      });
      expect(await parked.view(order)).toMatchObject({ status: 'needs-attention' });
      expect((await parked.view(order)).settledByHand).toBeUndefined();
      expect((await parked.act(orderId, 'retry')).body.detail).toContain('resolve the saga instead');
      expect((await parked.act(orderId, 'resolve', { note })).body.state).toBe('completed');
      expect((await parked.view(order)).status).toBe('completed');
    });

    test('of a compensation goes on with the next one', async () => {
      const order = await parkedAtVoid();
      expect((await parked.act(order.orderId, 'resolve', { note })).body.state).toBe('compensating');
      const late = messageOf('payment', paymentVoided, { orderId: order.orderId }, { stepId: 'any' });
      await orders.handleTwice(late);
      const published = await parked.converse(order);
      expect(parked.names(published)).toEqual(['inventory.release-stock', 'order.cancelled']);
      expect(await parked.show(order.orderId)).toMatchObject({
        state: 'cancelled',
        steps: [
          { step: 'reserve', status: 'compensated', byHand: false },
          { step: 'authorise', status: 'compensated', byHand: true },
          { step: 'dispatch', status: 'refused' },
          { step: 'commit', status: 'not-started' },
          { step: 'capture', status: 'not-started' },
        ],
      });
      expect(await parked.timeline(order)).toContain('payment voided by hand');
    });

    test('of a dispatch that was cancelled completes the order, and parks it then', async () => {
      const order = await parkedAtCancel();
      const { orderId } = order;
      await parked.act(orderId, 'resolve', { note });
      await orders.handleTwice(
        messageOf('shipping', shipmentCancelled, { orderId }, { stepId: `${orderId}/dispatch/stop` }),
      );
      expect(await parked.stateOf(orderId)).toBe('running');
      await parked.converse(order);
      expect((await parked.show(orderId)).parked).toEqual({
        step: 'dispatch',
        reason: 'dispatch was cancelled although a person had done it by hand',
      });
      expect(await parked.view(order)).toMatchObject({ status: 'needs-attention' });
      expect(await parked.timeline(order)).toContain('dispatch stopped');
      expect((await parked.act(orderId, 'resolve', { note })).body.state).toBe('completed');
    });

    test('of a dispatch whose cancellation has no reply goes forward, also when the reply comes after it', async () => {
      const order = await parkedAtCancel();
      const { orderId, customerId } = order;
      expect((await parked.act(orderId, 'resolve', { note })).body.state).toBe('running');
      const shipment = { orderId, customerId, shipmentId: uuid(), trackingNumber: 'T1' };
      await orders.handleTwice(
        messageOf('shipping', shipmentDispatched, shipment, stepIdOf(orderId, 'dispatch')),
      );
      await parked.converse(order);
      expect(await parked.stateOf(orderId)).toBe('completed');
    });
  });

  describe('a compensation by hand', () => {
    test('of a dispatch whose cancellation has no reply compensates the other steps', async () => {
      const order = await parkedAtCancel();
      const { orderId } = order;
      expect((await parked.show(orderId)).compensationOrder).toEqual(['authorise', 'reserve']);
      expect((await parked.act(orderId, 'compensate', { note })).body.state).toBe('compensating');
      await orders.handleTwice(
        messageOf('shipping', shipmentCancelled, { orderId }, { stepId: `${orderId}/dispatch/stop` }),
      );
      expect(parked.names(await parked.converse(order))).toEqual([
        ...['payment.void', 'inventory.release-stock', 'order.cancelled'],
      ]);
      expect(await parked.timeline(order)).toContain('dispatch stopped by hand');
    });

    test('parks the order when it was dispatched after all, until that is resolved', async () => {
      const order = await parkedAtCancel();
      const { orderId, customerId } = order;
      await parked.act(orderId, 'compensate', { note });
      await parked.converse(order);
      const shipment = { orderId, customerId, shipmentId: uuid(), trackingNumber: 'T1' };
      await orders.handleTwice(
        messageOf('shipping', shipmentDispatched, shipment, stepIdOf(orderId, 'dispatch')),
      );
      expect((await parked.show(orderId)).parked.reason).toBe('dispatch succeeded although it was cancelled');
      const refused = await parked.act(orderId, 'compensate', { note });
      expect([refused.status, refused.body.detail]).toEqual([
        409,
        'compensate is not possible: everything else is compensated already: resolve the saga instead.',
      ]);
      expect((await parked.act(orderId, 'resolve', { note })).body.state).toBe('cancelled');
    });

    test.each<[string, () => Promise<{ orderId: string }>, RegExp]>([
      [
        'after the dispatch',
        parkedAtCapture,
        /dispatch has happened, and after it the saga only goes forward/,
      ],
      [
        'while it compensates',
        parkedAtVoid,
        /compensates already: retry or resolve the compensation of authorise/,
      ],
      ['of an order in progress', () => parked.place(), /the saga is running, not parked/],
    ])('is refused %s', async (_, bring, why) => {
      const { orderId } = await bring();
      const answer = await parked.act(orderId, 'compensate', { note });
      expect([answer.status, answer.body.type]).toEqual([409, 'urn:emporium:problem:not-possible']);
      expect(answer.body.detail).toMatch(why);
      expect((await parked.show(orderId)).actions).toEqual([]);
    });
  });

  describe('a parked refund', () => {
    test('that is abandoned leaves its amount to others', async () => {
      const { refunds, orderId, refundId } = await parkedRefund();
      expect((await refunds.request(orderId, { amount: eur(7_000), reason })).status).toBe(422);
      const answer = await parked.act(refundId, 'resolve', { note, outcome: 'abandoned' });
      expect([answer.status, answer.body.state]).toEqual([202, 'cancelled']);
      expect((await refunds.list(orderId)).refunds).toMatchObject([{ refundId, status: 'abandoned' }]);
      const next = await refunds.requested(orderId, { amount: eur(7_400) });
      await orders.handle(refunds.paidBack(orderId, next, 7_400));
      expect((await refunds.list(orderId)).refunded).toEqual(eur(7_400));
    });

    test('that is paid after all although it was abandoned counts as refunded', async () => {
      const { refunds, orderId, customerId, refundId } = await parkedRefund();
      await parked.act(refundId, 'resolve', { note, outcome: 'abandoned' });
      await orders.handleTwice(refunds.paidBack(orderId, refundId, 7_000));
      expect(await parked.stateOf(refundId)).toBe('completed');
      expect(await refunds.view({ orderId, customerId })).toMatchObject({
        refunded: eur(7_000),
        refunds: [{ status: 'refunded' }],
      });
      const more = await refunds.request(orderId, { amount: eur(401), reason });
      expect(more.body.errors[0].message).toBe('must not be more than what is left, 400 EUR');
    });

    test('that was paid by hand is refunded, and counts as settled by hand', async () => {
      const { refunds, orderId, customerId, refundId } = await parkedRefund();
      expect((await parked.act(refundId, 'resolve', { note })).body.state).toBe('completed');
      expect(await refunds.view({ orderId, customerId })).toMatchObject({
        refunded: eur(7_000),
        settledByHand: { paid: eur(0), refunded: eur(7_000) },
      });
      expect((await refunds.list(orderId)).refunds).toMatchObject([
        { byHand: ['refund'], status: 'refunded' },
      ]);
      expect(parked.names(await orders.published()).toSorted()).toEqual([
        ...['order.refunded', 'payment.cancel-refund'],
      ]);
      const paid = { orderId, refundId, amount: eur(7_000) };
      await orders.handleTwice(
        messageOf('payment', paymentRefunded, paid, { stepId: `${refundId}/refund/1` }),
      );
      expect((await parked.show(refundId)).parked.reason).toBe(
        'refund succeeded although a person had done it by hand',
      );
      expect(await refunds.view({ orderId, customerId })).toMatchObject({
        refunded: eur(7_000), // once
        refunds: [{ status: 'parked' }],
      });
      expect((await parked.act(refundId, 'resolve', { note })).body.state).toBe('completed');
      expect((await refunds.view({ orderId, customerId })).refunds).toMatchObject([{ status: 'refunded' }]);
    });

    test('cannot be compensated, and not be abandoned once the money was paid', async () => {
      const refunds = createRefunds(orders);
      const { orderId } = await refunds.completed();
      const lines = [{ sku: 'MUG-1', quantity: 1 }];
      const refundId = await refunds.requested(orderId, { lines, restock: true });
      await orders.handle(refunds.paidBack(orderId, refundId, 1_250));
      await parked.parkUnanswered(refundId);
      expect((await parked.act(refundId, 'compensate', { note })).body.detail).toContain('only goes forward');
      const abandoned = await parked.act(refundId, 'resolve', { note, outcome: 'abandoned' });
      expect(abandoned.body.detail).toBe(
        'resolve is not possible: refund has happened: the saga can no longer be abandoned.',
      );
      expect((await parked.act(refundId, 'resolve', { note })).body.state).toBe('completed');
      expect((await refunds.list(orderId)).refunds).toMatchObject([
        { byHand: ['return'], status: 'refunded' },
      ]);
    });
  });

  describe('at the same time', () => {
    test('one of many actions wins, and the others are refused with the reason', async () => {
      const order = await parkedAtCancel();
      const answers = await Promise.all(
        ['retry', 'compensate', 'resolve', 'retry', 'compensate', 'resolve'].map((action) =>
          parked.act(order.orderId, action, { note }, uuid()),
        ),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([202, ...Array(5).fill(409)]);
      for (const { body } of answers.filter(({ status }) => status === 409))
        expect(body.detail).toMatch(/the saga is (running|cancelling|compensating), not parked/);
      expect((await parked.show(order.orderId)).actions).toHaveLength(1);
    });

    test('a reply and an action have one effect, whichever is first', async () => {
      for (let n = 0; n < 8; n += 1) {
        const order = await parked.place();
        await parked.converse(order, { silent: ['inventory.commit-reservation'] });
        await parked.parkUnanswered(order.orderId);
        await orders.published();
        const { orderId } = order;
        const reply = messageOf('inventory', stockCommitted, { orderId }, stepIdOf(orderId, 'commit'));
        const [answer] = await Promise.all([parked.act(orderId, 'resolve', { note }), orders.handle(reply)]);
        expect([202, 409]).toContain(answer.status);
        expect((await parked.show(orderId)).actions).toHaveLength(answer.status === 202 ? 1 : 0);
        const captures = parked.names(await orders.published()).filter((each) => each === 'payment.capture');
        expect(captures).toHaveLength(1);
      }
    });
  });

  describe('the list', () => {
    const ids = (body: { sagas: { id: string }[] }) => body.sagas.map(({ id }) => id);

    test('has those that have not ended, the oldest first, and filters them', async () => {
      const refund = await parkedRefund();
      const order = await parkedAtVoid();
      const running = await parked.place();
      const all = ids((await parked.list('?limit=1000')).body);
      expect(all).toEqual(all.toSorted());
      for (const id of [refund.refundId, order.orderId, running.orderId]) expect(all).toContain(id);
      expect(all).not.toContain(refund.orderId); // completed
      const parkedOnes = ids((await parked.list('?state=parked&limit=1000')).body);
      expect(parkedOnes).toContain(refund.refundId);
      expect(parkedOnes).not.toContain(running.orderId);
      expect(ids((await parked.list('?saga=refund&limit=1000')).body)).not.toContain(order.orderId);
      const atVoid = ids((await parked.list('?step=authorise&limit=1000')).body);
      expect(atVoid).toContain(order.orderId);
      expect(atVoid).not.toContain(running.orderId);
      expect(ids((await parked.list('?step=reserve&limit=1000')).body)).toContain(running.orderId);
      expect(ids((await parked.list('?state=completed&limit=1000')).body)).toContain(refund.orderId);
      expect((await parked.list('?step=capture&state=completed')).body.sagas).toEqual([]);
      expect((await parked.list('?olderThan=1h')).body.sagas).toEqual([]);
      await sql`update saga set started_at = started_at - interval '90 minutes' where id = ${running.orderId}`.execute(
        orders.store.db,
      );
      expect(ids((await parked.list('?olderThan=1h')).body)).toEqual([running.orderId]);
    });

    test('has those whose deadline has passed first, also on its pages', async () => {
      await sql`delete from saga where not final`.execute(orders.store.db);
      const placed = [];
      for (let n = 0; n < 7; n += 1) placed.push((await parked.place()).orderId);
      const late = [placed[5], placed[6]];
      // The state keeps its deadline, so that the timer does nothing.
      await sql`update saga set deadline = now() - interval '1 minute' where id = any(${late})`.execute(
        orders.store.db,
      );
      const found: string[] = [];
      let next: string | undefined = '/api/admin/sagas?limit=2';
      while (next !== undefined) {
        const { status, body } = await orders.ask('GET', next, parked.administrator);
        expect(status).toBe(200);
        found.push(...ids(body));
        next = body.next;
      }
      expect(found).toEqual([...late, ...placed.slice(0, 5)]);
    });

    test.each([
      ['state=asleep', 'query.state', /running.*cancelling.*compensating.*completed.*cancelled.*parked/],
      ['saga=odyssey', 'query.saga', /fulfilment.*refund/],
      ['olderThan=banana', 'query.olderThan', /must be a duration, such as 30s/],
      ['olderThan=-1', 'query.olderThan', /must be a duration/],
      ['olderThan=1e9d', 'query.olderThan', /must be a duration/],
      ['olderThan=', 'query.olderThan', /must be a duration/],
      ['limit=0', 'query.limit', /./],
      ['after=x', 'query.after', /next/],
      ['step=', 'query.step', /./],
    ])('refuses ?%s, and names the field', async (query, field, message) => {
      const { status, body } = await parked.list(`?${query}`);
      expect([status, body.errors[0].field]).toEqual([400, field]);
      expect(body.errors[0].message).toMatch(message);
    });
  });

  test.each([
    'olderThan=999999d',
    'after=0.999999999999999.019b0000-0000-7000-8000-000000000001',
    'step=nowhere',
  ])('an odd but possible list (%s) is answered', async (query) => {
    const { status, body } = await parked.list(`?${query}`);
    expect([status, body.sagas]).toEqual([200, []]);
  });

  test('an odd id is answered as a saga that does not exist', async () => {
    for (const id of ['%00', 'a%20b', '..', '%F0%9F%8E%81', 'x'.repeat(100)]) {
      const { status } = await orders.ask('GET', `/api/admin/sagas/${id}`, parked.administrator);
      expect([400, 404], id).toContain(status);
    }
    expect((await parked.list('?step=a%00b')).status).toBe(400);
  });

  test.each([
    ['no note', 'resolve', {}],
    ['no note', 'compensate', {}],
    ['a blank note', 'resolve', { note: '  ' }],
    ['a long note', 'compensate', { note: 'x'.repeat(501) }],
    ['control characters', 'retry', { note: 'a\u0007b' }],
    ['two lines', 'retry', { note: 'a\nb' }],
    ['a number', 'resolve', { note: 1 }],
    ['another outcome', 'resolve', { note, outcome: 'perhaps' }],
    ['an unknown field', 'retry', { notes: note }],
  ])('%s in %s is refused', async (_, action, payload) => {
    const { orderId } = await parked.place();
    const { status, body } = await parked.act(orderId, action, payload);
    expect(status).toBe(400);
    expect(body.errors[0].field).toMatch(/^(note|notes|outcome)$/);
    expect((await parked.show(orderId)).actions).toEqual([]);
  });

  test('an order that is completed can be neither retried, compensated nor resolved', async () => {
    const order = await parked.place();
    await converse(orders, createAnswering(order));
    for (const action of ['retry', 'compensate', 'resolve']) {
      const { status, body } = await parked.act(order.orderId, action, { note });
      expect([status, body.detail]).toEqual([
        409,
        `${action} is not possible: the saga is completed, not parked.`,
      ]);
    }
  });
});
