import { setTimeout as sleep } from 'node:timers/promises';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  authorise,
  capture,
  openPayment,
  type PaymentService,
  refund,
  release,
  total,
} from './support/payment.ts';
import { type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the commands of the payment service'), () => {
  let simulator: Simulator;
  let service: PaymentService;
  let orderId: string;

  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator?.stop());

  beforeEach(async () => {
    service = await openPayment(postgres.url, simulator.url);
    orderId = uuid();
  });
  afterEach(async () => {
    await simulator.clearFaults();
    await service.close();
  });

  const types = async () => (await service.published()).map(({ type }) => type);
  const stepId = (name: string) => `${orderId}/${name}`;

  describe('an order that is paid', () => {
    test('authorise, capture and refund move the money once, each delivered twice', async () => {
      await service.handleTwice(authorise(orderId, 'tok_ok'));
      expect(await service.published()).toEqual([
        { type: 'payment.authorised.v2', stepId: stepId('authorise/1'), data: { orderId, total } },
      ]);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'authorised', held: 1_250 }]);
      expect(await service.payment(orderId)).toMatchObject({ status: 'authorised', held: 1_250 });

      await service.handleTwice(capture(orderId));
      expect(await service.published()).toEqual([
        { type: 'payment.captured.v2', stepId: stepId('capture/1'), data: { orderId, total } },
      ]);
      expect(await service.payment(orderId)).toMatchObject({ held: 0, captured: 1_250, refunded: 0 });

      await service.handleTwice(refund(orderId));
      expect(await service.published()).toEqual([
        {
          type: 'payment.refunded.v3',
          stepId: stepId('refund/1'),
          data: { orderId, refundId: orderId, amount: total },
        },
      ]);
      expect(await simulator.ledger(orderId)).toMatchObject([{ held: 0, captured: 1_250, refunded: 1_250 }]);
      expect(await service.payment(orderId)).toMatchObject({ held: 0, captured: 1_250, refunded: 1_250 });
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'captured 1250', 'refunded 1250']);
    });

    test('gets the same replies to repeated commands', async () => {
      for (const _ of [1, 2]) await service.handle(authorise(orderId, 'tok_ok'));
      for (const _ of [1, 2]) await service.handle(capture(orderId));
      await service.handle(authorise(orderId, 'tok_ok'));
      for (const _ of [1, 2]) await service.handle(refund(orderId));
      await service.handle(capture(orderId));
      expect(await types()).toEqual([
        ...['payment.authorised.v2', 'payment.authorised.v2', 'payment.captured.v2', 'payment.captured.v2'],
        ...['payment.authorised.v2', 'payment.refunded.v3', 'payment.refunded.v3', 'payment.captured.v2'],
      ]);
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250, refunded: 1_250 }]);
    });

    test('its token is deleted when it is no longer needed', async () => {
      const stored = () => service.store.db.selectFrom('payment').select('state').executeTakeFirstOrThrow();
      await service.handle(authorise(orderId, 'tok_ok_4242'));
      expect(JSON.stringify(await stored())).toContain('tok_ok_4242');
      await service.handle(capture(orderId));
      expect(JSON.stringify(await stored())).not.toContain('tok_ok_4242');
    });

    test('two instances that receive the same message charge once', async () => {
      const other = service.instance();
      const message = authorise(orderId, 'tok_ok');
      await Promise.all([service.handle(message), other.handle(message)]);
      await Promise.all([service.handle(capture(orderId)), other.handle(capture(orderId))]);
      expect(await types()).toEqual(['payment.authorised.v2', 'payment.captured.v2', 'payment.captured.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250 }]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'captured 1250']);
    });

    test('many orders can be handled concurrently', async () => {
      const { handle } = service.instance({ timeoutMs: 10_000 });
      const orders = Array.from({ length: 60 }, () => uuid());
      await Promise.all(orders.map((id) => handle(authorise(id, 'tok_ok'))));
      await Promise.all(orders.map((id) => handle(capture(id))));
      expect(Map.groupBy(await types(), (type) => type).get('payment.captured.v2')).toHaveLength(60);
    });
  });

  describe('concurrent orders', () => {
    const ordersOf = (many: number) => Array.from({ length: many }, () => uuid());

    test('get a reply and ledger entries each', async () => {
      const [paid, declined, released] = [ordersOf(15), ordersOf(15), ordersOf(15)];
      const { handle } = service.instance({ timeoutMs: 10_000 });
      const tokens = [
        ...[...paid, ...released].map((id) => [id, 'tok_ok']),
        ...declined.map((id) => [id, 'tok_insufficient']),
      ];
      await Promise.all(tokens.toSorted().map(([id = '', token = '']) => handle(authorise(id, token))));
      await Promise.all([
        ...paid.map((id) => handle(capture(id))),
        ...[...released, ...declined].map((id) => handle(release(id))),
      ]);
      const answers = Map.groupBy(await service.published(), ({ data }) => data.orderId);
      const of = async (id: string) => [answers.get(id)?.map(({ type }) => type), await service.ledger(id)];
      for (const id of paid)
        expect(await of(id)).toEqual([
          ['payment.authorised.v2', 'payment.captured.v2'],
          ['authorised 1250', 'captured 1250'],
        ]);
      for (const id of declined)
        expect(await of(id)).toEqual([['payment.declined.v2', 'payment.voided.v2'], []]);
      for (const id of released)
        expect(await of(id)).toEqual([
          ['payment.authorised.v2', 'payment.voided.v2'],
          ['authorised 1250', 'voided 1250'],
        ]);
    });

    test('with two messages of one order charge it once', async () => {
      const others = ordersOf(5).map((id) => service.handle(authorise(id, 'tok_ok')));
      const both = [1, 2].map(() => service.handle(authorise(orderId, 'tok_ok')));
      await Promise.all([...others, ...both]);
      await Promise.all([1, 2].map((attempt) => service.handle(capture(orderId, attempt))));
      const answers = (await service.published()).filter(({ data }) => data.orderId === orderId);
      expect(answers.map(({ type }) => type)).toEqual([
        'payment.authorised.v2',
        'payment.authorised.v2',
        'payment.captured.v2',
        'payment.captured.v2',
      ]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'captured 1250']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250 }]);
    });
  });

  test('two instances that authorise and void different orders concurrently never deadlock', async () => {
    const [one, other] = [1, 2].map(() => service.instance({ timeoutMs: 10_000 }));
    const orders = Array.from({ length: 40 }, () => uuid()).toSorted();
    const before = await deadlocks();
    const work = orders.flatMap((id, n) => {
      const [authorising, releasing] = n % 2 === 0 ? [one, other] : [other, one];
      const first = authorising?.handle(authorise(id, 'tok_ok'));
      return n === 0 ? [first] : [first, releasing?.handle(release(id))]; // so that the other instance begins with an authorisation
    });
    await Promise.all(work);
    expect(await deadlocks()).toBe(before);
    const [paid = '', ...released] = orders;
    expect(await simulator.ledger(paid)).toMatchObject([{ held: 1_250 }]);
    for (const id of released) {
      expect(await service.payment(id)).toMatchObject({ status: 'voided', held: 0 });
      for (const line of await simulator.ledger(id)) expect(line).toMatchObject({ held: 0, captured: 0 });
    }
  });

  test('a declined payment has a reason, also when it is redelivered, and stays declined', async () => {
    await service.handleTwice(authorise(orderId, 'tok_insufficient'));
    await service.handle(authorise(orderId, 'tok_ok'));
    const declined = {
      type: 'payment.declined.v2',
      stepId: stepId('authorise/1'),
      data: { orderId, reason: 'insufficient_funds' },
    };
    expect(await service.published()).toEqual([declined, declined]);
    expect(await service.ledger(orderId)).toEqual([]);
  });

  describe('a capture', () => {
    test('that is refused fails, and succeeds in a later step', async () => {
      await service.handle(authorise(orderId, 'tok_capture_fails_1'));
      await service.handleTwice(capture(orderId, 1));
      await service.handleTwice(capture(orderId, 2));
      expect(await service.published()).toEqual([
        expect.objectContaining({ type: 'payment.authorised.v2' }),
        {
          type: 'payment.capture-failed.v2',
          stepId: stepId('capture/1'),
          data: { orderId, reason: 'capture_refused' },
        },
        { type: 'payment.captured.v2', stepId: stepId('capture/2'), data: { orderId, total } },
      ]);
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250 }]);
    });

    test('of an authorisation whose renewal has expired too fails, and is not renewed again', async () => {
      await service.handle(authorise(orderId, 'tok_expires'));
      await service.handleTwice(capture(orderId, 1));
      await service.handleTwice(capture(orderId, 2));
      const reason = 'the renewed authorisation has expired';
      expect(await service.published()).toMatchObject([
        { type: 'payment.authorised.v2' },
        { type: 'payment.capture-failed.v2', stepId: `${orderId}/capture/1`, data: { reason } },
        { type: 'payment.capture-failed.v2', stepId: `${orderId}/capture/2`, data: { reason } },
      ]);
      expect(await simulator.ledger(orderId)).toHaveLength(2);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'expired 1250', 'authorised 1250']);
    });

    test.each<[string, () => Promise<unknown>]>([
      ['is unknown', async () => {}],
      ['is declined', () => service.handle(authorise(orderId, 'tok_declined'))],
      ['is voided', () => service.handle(release(orderId))],
    ])('of a payment that %s fails without a call', async (state, prepare) => {
      await prepare();
      await service.published();
      await service.handleTwice(capture(orderId));
      expect(await service.published()).toEqual([
        {
          type: 'payment.capture-failed.v2',
          stepId: stepId('capture/1'),
          data: { orderId, reason: `the payment ${state}` },
        },
      ]);
    });
  });

  test('no log line and no error contains the token', async () => {
    const token = 'tok_error_2';
    await service.deliver(authorise(orderId, token));
    await service.deliver(authorise(uuid(), 'tok_error'), 2);
    expect(service.logLines.join('\n')).toContain('500');
    expect(service.logLines.join('\n')).not.toContain('tok_');
  });

  /** The server's counter. A connection reports its share when it is idle. */
  const deadlocks = async (): Promise<number> => {
    await sleep(1_100);
    const { rows } = await sql<{ deadlocks: number }>`
      select deadlocks from pg_stat_database where datname = current_database()`.execute(service.store.db);
    return rows[0]?.deadlocks ?? Number.NaN;
  };
});
