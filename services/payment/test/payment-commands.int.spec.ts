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

describe.skipIf(!postgres.available)(postgres.title('the commands to the payment service'), () => {
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
        { type: 'payment.refunded.v2', stepId: stepId('refund/1'), data: { orderId, total } },
      ]);
      expect(await simulator.ledger(orderId)).toMatchObject([{ held: 0, captured: 1_250, refunded: 1_250 }]);
      expect(await service.payment(orderId)).toMatchObject({ held: 0, captured: 1_250, refunded: 1_250 });
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'captured 1250', 'refunded 1250']);
    });

    test('is asked for again in other messages and gets the known answers', async () => {
      for (const _ of [1, 2]) await service.handle(authorise(orderId, 'tok_ok'));
      for (const _ of [1, 2]) await service.handle(capture(orderId));
      await service.handle(authorise(orderId, 'tok_ok'));
      for (const _ of [1, 2]) await service.handle(refund(orderId));
      await service.handle(capture(orderId));
      expect(await types()).toEqual([
        ...['payment.authorised.v2', 'payment.authorised.v2', 'payment.captured.v2', 'payment.captured.v2'],
        ...['payment.authorised.v2', 'payment.refunded.v2', 'payment.refunded.v2', 'payment.captured.v2'],
      ]);
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250, refunded: 1_250 }]);
    });

    test('its token is kept no longer than it is needed', async () => {
      const stored = () => service.store.db.selectFrom('payment').select('state').executeTakeFirstOrThrow();
      await service.handle(authorise(orderId, 'tok_ok_4242'));
      expect(JSON.stringify(await stored())).toContain('tok_ok_4242');
      await service.handle(capture(orderId));
      expect(JSON.stringify(await stored())).not.toContain('tok_ok_4242');
    });

    test('two processes that get the same message charge once', async () => {
      const other = service.instance();
      const message = authorise(orderId, 'tok_ok');
      await Promise.all([service.handle(message), other.handle(message)]);
      await Promise.all([service.handle(capture(orderId)), other.handle(capture(orderId))]);
      expect(await types()).toEqual(['payment.authorised.v2', 'payment.captured.v2', 'payment.captured.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250 }]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'captured 1250']);
    });

    test('many orders at one time', async () => {
      const { handle } = service.instance({ timeoutMs: 10_000 });
      const orders = Array.from({ length: 60 }, () => uuid());
      await Promise.all(orders.map((id) => handle(authorise(id, 'tok_ok'))));
      await Promise.all(orders.map((id) => handle(capture(id))));
      expect(Map.groupBy(await types(), (type) => type).get('payment.captured.v2')).toHaveLength(60);
    });
  });

  describe('orders that come together', () => {
    const ordersOf = (many: number) => Array.from({ length: many }, () => uuid());

    test('have an answer and a ledger each', async () => {
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

    test('and two messages of one order among them, charge it once', async () => {
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

  test('orders of which two processes authorise and void others at one time never deadlock', async () => {
    const [one, other] = [1, 2].map(() => service.instance({ timeoutMs: 10_000 }));
    const orders = Array.from({ length: 40 }, () => uuid()).toSorted();
    const before = await deadlocks();
    const work = orders.flatMap((id, n) => {
      const [authorising, releasing] = n % 2 === 0 ? [one, other] : [other, one];
      const asked = authorising?.handle(authorise(id, 'tok_ok'));
      return n === 0 ? [asked] : [asked, releasing?.handle(release(id))]; // so that the other begins with an authorisation
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

  test('a declined payment says why, delivered twice, and stays declined', async () => {
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

  describe('a provider that charges and does not answer', () => {
    test('charges once: the same delivery asks again under the same key', async () => {
      expect(await service.deliver(authorise(orderId, 'tok_charge_then_timeout'))).toMatchObject({
        attempt: 1,
      });
      expect(await types()).toEqual(['payment.authorised.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ held: 1_250 }]);
    });

    test('charges once: so does the next delivery', async () => {
      const delivered = await service.deliver(authorise(orderId, 'tok_charge_then_timeout_4'));
      expect(delivered).toMatchObject({ attempt: 2, isDead: false });
      expect(await simulator.ledger(orderId)).toMatchObject([{ held: 1_250 }]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250']);
    });

    test('captures once', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await simulator.fault({
        mode: 'charge-then-timeout',
        operation: 'capture',
        reference: orderId,
        times: 2,
      });
      await service.deliver(capture(orderId));
      expect(await types()).toEqual(['payment.authorised.v2', 'payment.captured.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250 }]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'captured 1250']);
    });

    test('refunds once', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await service.handle(capture(orderId));
      await simulator.fault({
        mode: 'charge-then-timeout',
        operation: 'refund',
        reference: orderId,
        times: 1,
      });
      await service.deliver(refund(orderId));
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250, refunded: 1_250 }]);
    });
  });

  test('a crash between the provider and the commit charges once', async () => {
    const signal = new AbortController().signal;
    const asked = { reference: orderId, total, token: 'tok_ok', key: `${orderId}/authorise`, signal };
    await service.provider.authorise(asked); // and the process is gone
    await service.handle(authorise(orderId, 'tok_ok'));
    const [line] = await simulator.ledger(orderId);
    await service.provider.capture({
      key: `${orderId}/capture/1`,
      authorisationId: line?.id ?? '',
      total,
      signal,
    });
    await service.handle(capture(orderId));
    expect(await types()).toEqual(['payment.authorised.v2', 'payment.captured.v2']);
    expect(await simulator.ledger(orderId)).toMatchObject([{ held: 0, captured: 1_250 }]);
    expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'captured 1250']);
  });

  describe('a void', () => {
    test('lets the money go, delivered twice and asked for again', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await service.handleTwice(release(orderId));
      await service.handle(release(orderId));
      expect(await types()).toEqual(['payment.authorised.v2', 'payment.voided.v2', 'payment.voided.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided', held: 0 }]);
      expect(await service.payment(orderId)).toMatchObject({ status: 'voided', held: 0, captured: 0 });
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'voided 1250']);
    });

    test('that comes before the authorisation refuses it, here and at the provider', async () => {
      await service.handleTwice(release(orderId));
      await service.handleTwice(authorise(orderId, 'tok_ok'));
      expect(await service.published()).toEqual([
        { type: 'payment.voided.v2', stepId: stepId('authorise/undo'), data: { orderId } },
        { type: 'payment.declined.v2', stepId: stepId('authorise/1'), data: { orderId, reason: 'voided' } },
      ]);
      expect(await simulator.ledger(orderId)).toEqual([]);
      const late = await service.provider.authorise({
        ...{ reference: orderId, total, token: 'tok_ok', key: `${orderId}/authorise` },
        signal: new AbortController().signal,
      });
      expect(late).toEqual({ kind: 'declined', reason: 'voided' });
    });

    test('of an authorisation that the provider is still working on: nothing stays held', async () => {
      const patient = service.instance({ timeoutMs: 2_000 });
      const authorising = patient.handle(authorise(orderId, 'tok_stall_500'));
      await sleep(150);
      await service.handle(release(orderId));
      await authorising;
      expect(await service.published()).toMatchObject([
        { type: 'payment.voided.v2' },
        { type: 'payment.declined.v2', data: { reason: 'voided' } },
      ]);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'declined', held: 0 }]);
      expect(await service.payment(orderId)).toMatchObject({ status: 'voided', held: 0 });
    });

    test('of an authorisation whose answer never came: the money is let go, and a late answer changes nothing', async () => {
      const message = authorise(orderId, 'tok_charge_then_timeout_3');
      await expect(service.handle(message)).rejects.toMatchObject({ settle: 'retry' });
      expect(await simulator.ledger(orderId)).toMatchObject([{ held: 1_250 }]);
      await service.handle(release(orderId));
      await service.handle(message);
      expect(await types()).toEqual(['payment.voided.v2', 'payment.declined.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided', held: 0 }]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'voided 1250']);
    });

    test('that overtakes an approved authorisation on its way home declines it', async () => {
      const approved = Promise.withResolvers<void>();
      const slow = service.instance({
        wrap: (provider) => ({
          ...provider,
          authorise: async (call) => {
            const outcome = await provider.authorise(call);
            await approved.promise; // the answer is here, the transaction is not begun
            return outcome;
          },
        }),
      });
      const authorising = slow.handle(authorise(orderId, 'tok_ok'));
      await expect.poll(() => simulator.ledger(orderId)).toHaveLength(1);
      await service.handle(release(orderId));
      approved.resolve();
      await authorising;
      expect(await service.published()).toMatchObject([
        { type: 'payment.voided.v2' },
        { type: 'payment.declined.v2', data: { reason: 'voided' } },
      ]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'voided 1250']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided', held: 0 }]);
    });

    test('of a declined payment has nothing to do', async () => {
      await service.handle(authorise(orderId, 'tok_declined'));
      await service.handleTwice(release(orderId));
      expect(await types()).toEqual(['payment.declined.v2', 'payment.voided.v2']);
    });

    test('that the provider refuses is tried again, and lets the money go in the end', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await simulator.fault({ mode: 'decline', operation: 'void', reference: orderId, times: 2 });
      expect(await service.deliver(release(orderId))).toMatchObject({ attempt: 3, isDead: false });
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided' }]);
    });

    test('of captured money can never work', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await service.handle(capture(orderId));
      await expect(service.handle(release(orderId))).rejects.toMatchObject({ settle: 'dead-letter' });
      expect(await service.payment(orderId)).toMatchObject({ status: 'captured', captured: 1_250 });
    });
  });

  describe('an authorisation that has expired as a command', () => {
    const late = () => ({ expiry: new Date(Date.now() - 1) });

    test('is declined, not asked for, and stays declined', async () => {
      await service.handleTwice(authorise(orderId, 'tok_ok', late()));
      await service.handle(authorise(orderId, 'tok_ok'));
      await service.handleTwice(release(orderId));
      expect(await service.published()).toMatchObject([
        { type: 'payment.declined.v2', data: { reason: 'expired' } },
        { type: 'payment.declined.v2', data: { reason: 'expired' } },
        { type: 'payment.voided.v2' },
      ]);
      expect(await simulator.ledger(orderId)).toEqual([]);
    });

    test('after the provider was asked is no refusal: the void that follows settles it', async () => {
      await expect(service.handle(authorise(orderId, 'tok_charge_then_timeout_3'))).rejects.toThrow();
      await service.handleTwice(authorise(orderId, 'tok_ok', late()));
      expect(await service.published()).toEqual([]);
      await service.handle(release(orderId));
      expect(await types()).toEqual(['payment.voided.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided', held: 0 }]);
    });

    test('tells the truth about what was authorised in time', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await service.handle(authorise(orderId, 'tok_ok', late()));
      expect(await types()).toEqual(['payment.authorised.v2', 'payment.authorised.v2']);
    });
  });

  describe('a capture', () => {
    test('that is refused says so, and works in a later step', async () => {
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

    test('of an authorisation whose renewal is too old as well fails, and renews no more', async () => {
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
    ])('of a payment that %s fails and asks nobody', async (state, prepare) => {
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

  test.each<[string, () => Promise<unknown>]>([
    ['unknown', async () => {}],
    ['authorised', () => service.handle(authorise(orderId, 'tok_ok'))],
  ])('a refund of a payment that is %s can never work', async (_, prepare) => {
    await prepare();
    await expect(service.handle(refund(orderId))).rejects.toMatchObject({ settle: 'dead-letter' });
  });

  test('no token is ever logged, nor in an error', async () => {
    const token = 'tok_error_2';
    await service.deliver(authorise(orderId, token));
    await service.deliver(authorise(uuid(), 'tok_error'), 2);
    expect(service.said.join('\n')).toContain('500');
    expect(service.said.join('\n')).not.toContain('tok_');
  });

  /** As the server counts them; a connection reports what it saw when it is idle. */
  const deadlocks = async (): Promise<number> => {
    await sleep(1_100);
    const { rows } = await sql<{ deadlocks: number }>`
      select deadlocks from pg_stat_database where datname = current_database()`.execute(service.store.db);
    return rows[0]?.deadlocks ?? Number.NaN;
  };
});
