import { createMessage, newContext, readMessage } from '@emporium/bus';
import { type Contract, refundPayment2, shop } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  authorise,
  cancel,
  capture,
  openPayment,
  type PaymentService,
  refund,
  refundWhole,
  total,
} from './support/payment.ts';
import { type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('refunds'), () => {
  let simulator: Simulator;
  let service: PaymentService;
  let orderId: string;

  beforeAll(async () => {
    simulator = await startSimulator();
    service = await openPayment(postgres.url, simulator.url);
  });
  afterAll(async () => {
    await service?.close();
    await simulator?.stop();
  });
  beforeEach(async () => {
    orderId = uuid();
    await service.handle(authorise(orderId, 'tok_ok'));
    await service.handle(capture(orderId));
    await service.published();
  });
  afterEach(async () => {
    await simulator.clearFaults();
    await service.published();
  });

  const replies = async () =>
    (await service.published()).map(({ type, data }) => [type, data.refundId, data.amount ?? data.reason]);
  const refunded = (refundId: string, amount: number) => [
    'payment.refunded.v3',
    refundId,
    { ...total, amount },
  ];
  const refundedAt = async () => ({
    ours: (await service.payment(orderId))?.refunded,
    theirs: (await simulator.ledger(orderId)).map(({ refunded: amount }) => amount),
  });
  const part = (amount: number, refundId = uuid(), attempt = 1) => ({
    refundId,
    message: refund(orderId, { refundId, amount, attempt }),
  });

  test('that are cancelled after a refusal leave their amount to others, and are declined when they come again', async () => {
    await simulator.fault({ mode: 'decline', operation: 'refund', reference: orderId });
    const first = part(1_250);
    await service.handle(first.message);
    await simulator.clearFaults();
    await service.handleTwice(cancel(orderId, first.refundId));
    await service.published();
    const second = part(1_250);
    await service.handleTwice(part(1_250, first.refundId, 2).message);
    await service.handleTwice(second.message);
    expect(await replies()).toEqual([
      ['payment.refund-declined', first.refundId, 'the refund was cancelled'],
      refunded(second.refundId, 1_250),
    ]);
    expect(await refundedAt()).toEqual({ ours: 1_250, theirs: [1_250] });
  });

  test('that are cancelled when they were paid without an answer are not forgotten', async () => {
    await simulator.fault({
      mode: 'charge-then-timeout',
      operation: 'refund',
      reference: orderId,
      times: 3,
    });
    const { refundId, message } = part(1_000);
    await expect(service.handle(message)).rejects.toMatchObject({ settle: 'retry' });
    expect(await refundedAt()).toEqual({ ours: 0, theirs: [1_000] });
    await service.handleTwice(cancel(orderId, refundId));
    const second = part(1_000);
    await service.handle(second.message);
    await service.handleTwice(message); // redelivered
    expect(await replies()).toEqual([
      [
        ...['payment.refund-declined', second.refundId],
        `only 250 EUR are left, and it is not known whether the cancelled refund ${refundId} was paid`,
      ],
      refunded(refundId, 1_000),
    ]);
    expect(await refundedAt()).toEqual({ ours: 1_000, theirs: [1_000] });
  }, 30_000);

  test('that were paid before they are cancelled are answered once more', async () => {
    const { refundId, message } = part(400);
    await service.handle(message);
    await service.handleTwice(cancel(orderId, refundId));
    expect(await replies()).toEqual([refunded(refundId, 400), refunded(refundId, 400)]);
    expect(await refundedAt()).toEqual({ ours: 400, theirs: [400] });
  });

  test('of parts, each delivered twice, add up to the last minor unit', async () => {
    const parts = [417, 416, 416, 1].map((amount) => part(amount));
    for (const { message } of parts) await service.handleTwice(message);
    expect(await replies()).toEqual(
      [417, 416, 416, 1].map((amount, n) => refunded(parts[n]?.refundId ?? '', amount)),
    );
    expect(await refundedAt()).toEqual({ ours: 1_250, theirs: [1_250] });
    expect((await service.payment(orderId))?.status).toBe('refunded');
    expect(await service.ledger(orderId)).toEqual([
      'authorised 1250',
      'captured 1250',
      ...['refunded 417', 'refunded 416', 'refunded 416', 'refunded 1'],
    ]);
  });

  test('never exceed what was captured, however many are requested at one time by two instances', async () => {
    const other = service.instance();
    const parts = Array.from({ length: 10 }, () => part(300));
    await Promise.all(parts.map(({ message }, n) => (n % 2 === 0 ? service : other).handle(message)));
    const types = (await replies()).map(([type]) => type);
    expect(types.filter((type) => type === 'payment.refunded.v3')).toHaveLength(4);
    expect(types.filter((type) => type === 'payment.refund-declined')).toHaveLength(6);
    expect(await refundedAt()).toEqual({ ours: 1_200, theirs: [1_200] });
  });

  test('requested by several messages at one time are carried out once', async () => {
    const other = service.instance();
    const refundId = uuid();
    await Promise.all(
      [service, other, service, other].map(({ handle }) => handle(part(700, refundId).message)),
    );
    expect(await replies()).toEqual(Array(4).fill(refunded(refundId, 700)));
    expect(await refundedAt()).toEqual({ ours: 700, theirs: [700] });
  });

  test('that the provider refuses get a reply with the reason, and succeed in a later attempt', async () => {
    await simulator.fault({ mode: 'decline', operation: 'refund', reference: orderId, times: 1 });
    const { refundId, message } = part(500);
    await service.handleTwice(message);
    await service.handleTwice(part(500, refundId, 2).message);
    expect(await replies()).toEqual([
      ['payment.refund-declined', refundId, 'refund_refused'],
      refunded(refundId, 500),
    ]);
    expect(await refundedAt()).toEqual({ ours: 500, theirs: [500] });
  });

  test('that the provider carries out without an answer are carried out once', async () => {
    await simulator.fault({
      mode: 'charge-then-timeout',
      operation: 'refund',
      reference: orderId,
      times: 2,
    });
    const { refundId, message } = part(500);
    await service.deliver(message);
    expect(await replies()).toEqual([refunded(refundId, 500)]);
    expect(await refundedAt()).toEqual({ ours: 500, theirs: [500] });
  }, 30_000);

  test('of a payment that was not captured are declined without a call', async () => {
    const [unknown, authorised] = [uuid(), uuid()];
    await service.handle(authorise(authorised, 'tok_ok'));
    await service.published();
    for (const id of [unknown, authorised]) await service.handleTwice(refund(id));
    expect(await replies()).toEqual([
      ['payment.refund-declined', unknown, 'the payment is unknown'],
      ['payment.refund-declined', authorised, 'the payment is authorised'],
    ]);
  });

  test('under one id with another amount are dead-lettered', async () => {
    const { refundId, message } = part(500);
    await service.handle(message);
    await expect(service.handle(part(600, refundId).message)).rejects.toMatchObject({
      settle: 'dead-letter',
    });
    expect(await refundedAt()).toEqual({ ours: 500, theirs: [500] });
  });

  describe('of version 2', () => {
    test('refund the whole amount once, with a reply in the version of the command', async () => {
      await service.handleTwice(refundWhole(orderId));
      await service.handle(refundWhole(orderId));
      const first = shop.contract('payment.refund');
      if (first === undefined) throw new Error('version 1 is not registered');
      const { body } = createMessage('order', first, { orderId, stepId: 's' }, newContext());
      await service.handle(readMessage(shop, new Set<Contract>([refundPayment2]), body));
      expect((await service.published()).map(({ type, data }) => [type, data])).toEqual([
        ['payment.refunded.v2', { orderId, total }],
        ['payment.refunded.v2', { orderId, total }],
        ['payment.refunded', { orderId, total, stepId: 's' }],
      ]);
      expect(await refundedAt()).toEqual({ ours: 1_250, theirs: [1_250] });
    });

    test('are dead-lettered after a refund of a part', async () => {
      await service.handle(part(1).message);
      await expect(service.handle(refundWhole(orderId))).rejects.toMatchObject({ settle: 'dead-letter' });
      expect(await refundedAt()).toEqual({ ours: 1, theirs: [1] });
    });

    test('that the provider refuses are retried and then dead-lettered', async () => {
      await simulator.fault({ mode: 'decline', operation: 'refund', reference: orderId });
      expect(await service.deliver(refundWhole(orderId))).toMatchObject({ isDeadLettered: true });
      await simulator.clearFaults();
      await service.handle(refundWhole(orderId)); // replayed
      expect(await refundedAt()).toEqual({ ours: 1_250, theirs: [1_250] });
    });

    test('leave nothing of a payment that an earlier release has refunded', async () => {
      await sql`
        update payment set state = (state - 'refunds') || '{"status": "refunded"}'
        where order_id = ${orderId}`.execute(service.store.db);
      await service.handle(refund(orderId));
      await service.handle(refundWhole(orderId));
      expect((await service.published()).map(({ type }) => type)).toEqual([
        'payment.refund-declined',
        'payment.refunded.v2',
      ]);
    });
  });
});
