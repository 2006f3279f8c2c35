import { setTimeout as sleep } from 'node:timers/promises';
import { serverFor } from '@emporium/servers';
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

describe.skipIf(!postgres.available)(postgres.title('voids and expired commands'), () => {
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

  describe('a void', () => {
    test('releases the money, also when it is redelivered or sent again', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await service.handleTwice(release(orderId));
      await service.handle(release(orderId));
      expect(await types()).toEqual(['payment.authorised.v2', 'payment.voided.v2', 'payment.voided.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided', held: 0 }]);
      expect(await service.payment(orderId)).toMatchObject({ status: 'voided', held: 0, captured: 0 });
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'voided 1250']);
    });

    test('before the authorisation declines it, here and at the provider', async () => {
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

    test('of an authorisation in progress at the provider leaves nothing held', async () => {
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

    test('of an authorisation whose response was lost releases the money, and a late response changes nothing', async () => {
      const message = authorise(orderId, 'tok_charge_then_timeout_3');
      await expect(service.handle(message)).rejects.toMatchObject({ settle: 'retry' });
      expect(await simulator.ledger(orderId)).toMatchObject([{ held: 1_250 }]);
      await service.handle(release(orderId));
      await service.handle(message);
      expect(await types()).toEqual(['payment.voided.v2', 'payment.declined.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided', held: 0 }]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'voided 1250']);
    });

    test('that overtakes the response to an authorisation declines it', async () => {
      const approved = Promise.withResolvers<void>();
      const slow = service.instance({
        wrap: (provider) => ({
          ...provider,
          authorise: async (call) => {
            const outcome = await provider.authorise(call);
            await approved.promise; // the response has arrived, the transaction has not begun
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

    test('of a declined payment changes nothing', async () => {
      await service.handle(authorise(orderId, 'tok_declined'));
      await service.handleTwice(release(orderId));
      expect(await types()).toEqual(['payment.declined.v2', 'payment.voided.v2']);
    });

    test('that the provider refuses is retried, and finally releases the money', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await simulator.fault({ mode: 'decline', operation: 'void', reference: orderId, times: 2 });
      expect(await service.deliver(release(orderId))).toMatchObject({ attempt: 3, isDeadLettered: false });
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided' }]);
    });

    test('of a payment that was captured without an answer records the capture', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      const fault = { mode: 'charge-then-timeout', operation: 'capture', reference: orderId, times: 3 };
      await simulator.fault(fault);
      await expect(service.handle(capture(orderId))).rejects.toMatchObject({ settle: 'retry' });
      expect(await service.payment(orderId)).toMatchObject({ status: 'authorised', captured: 0 });
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'captured', captured: 1_250 }]);
      await service.published();
      expect(await service.deliver(release(orderId))).toMatchObject({ attempt: 1, isDeadLettered: false });
      await service.handleTwice(capture(orderId)); // redelivered
      expect(await service.published()).toEqual([
        {
          ...{ type: 'payment.captured.v2', stepId: stepId('authorise/undo') },
          data: { orderId, total },
        },
        { type: 'payment.captured.v2', stepId: stepId('capture/1'), data: { orderId, total } },
      ]);
      expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'captured 1250']);
      await service.handle(refund(orderId, { amount: 250 }));
      expect(await service.payment(orderId)).toMatchObject({ status: 'captured', refunded: 250, held: 0 });
      expect(await simulator.ledger(orderId)).toMatchObject([{ captured: 1_250, refunded: 250 }]);
    }, 20_000);

    test('of a captured payment is dead-lettered', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await service.handle(capture(orderId));
      await expect(service.handle(release(orderId))).rejects.toMatchObject({ settle: 'dead-letter' });
      expect(await service.payment(orderId)).toMatchObject({ status: 'captured', captured: 1_250 });
    });
  });

  describe('an authorise command that has expired', () => {
    const late = () => ({ expiry: new Date(Date.now() - 1) });

    test('is declined without a call, and stays declined', async () => {
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

    test('after the provider was called gets no reply: the void resolves it', async () => {
      await expect(service.handle(authorise(orderId, 'tok_charge_then_timeout_3'))).rejects.toThrow();
      await service.handleTwice(authorise(orderId, 'tok_ok', late()));
      expect(await service.published()).toEqual([]);
      await service.handle(release(orderId));
      expect(await types()).toEqual(['payment.voided.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided', held: 0 }]);
    });

    test('is answered with an authorisation that was made in time', async () => {
      await service.handle(authorise(orderId, 'tok_ok'));
      await service.handle(authorise(orderId, 'tok_ok', late()));
      expect(await types()).toEqual(['payment.authorised.v2', 'payment.authorised.v2']);
    });
  });
});
