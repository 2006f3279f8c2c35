import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authorise, capture, openPayment, type PaymentService, refund, total } from './support/payment.ts';
import { type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('a lost response of the provider'), () => {
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

  describe('a provider that charges and does not respond', () => {
    test('charges once when the same delivery retries with the same key', async () => {
      expect(await service.deliver(authorise(orderId, 'tok_charge_then_timeout'))).toMatchObject({
        attempt: 1,
      });
      expect(await types()).toEqual(['payment.authorised.v2']);
      expect(await simulator.ledger(orderId)).toMatchObject([{ held: 1_250 }]);
    });

    test('charges once when the next delivery retries', async () => {
      const delivered = await service.deliver(authorise(orderId, 'tok_charge_then_timeout_4'));
      expect(delivered).toMatchObject({ attempt: 2, isDeadLettered: false });
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

  test('a crash between the call and the commit charges once', async () => {
    const signal = new AbortController().signal;
    const request = { reference: orderId, total, token: 'tok_ok', key: `${orderId}/authorise`, signal };
    await service.provider.authorise(request); // and the process crashes
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
});
