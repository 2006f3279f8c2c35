import { setTimeout as sleep } from 'node:timers/promises';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

describe.skipIf(!postgres.available)(postgres.title('a capture of an expired authorisation'), () => {
  const ttlMs = 1_000;
  let simulator: Simulator;
  let service: PaymentService;
  let orderId: string;

  beforeEach(async () => {
    simulator = await startSimulator({ AUTHORISATION_TTL_MS: String(ttlMs) });
    service = await openPayment(postgres.url, simulator.url);
    orderId = uuid();
    await service.handle(authorise(orderId, 'tok_ok'));
    await sleep(ttlMs + 50);
    expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'expired' }]);
  });
  afterEach(async () => {
    await service.close();
    await simulator.stop();
  });

  test('that renews and captures it without an answer is found by a void', async () => {
    const unheard = service.instance({
      wrap: (provider) => ({
        ...provider,
        capture: async (call) => {
          const outcome = await provider.capture(call);
          if (outcome.kind === 'captured') throw new Error('the answer is lost');
          return outcome;
        },
      }),
    });
    await expect(unheard.handle(capture(orderId))).rejects.toThrow('the answer is lost');
    await service.published();
    await service.handleTwice(release(orderId));
    expect((await service.published()).map(({ type }) => type)).toEqual(['payment.captured.v2']);
    expect(await simulator.ledger(orderId)).toMatchObject([
      { status: 'voided', held: 0, captured: 0 },
      { status: 'captured', held: 0, captured: 1_250 },
    ]);
    expect(await service.payment(orderId)).toMatchObject({ status: 'captured', held: 0, captured: 1_250 });
    await service.handle(refund(orderId, { amount: 1_250 }));
    expect(await simulator.ledger(orderId)).toMatchObject([{ refunded: 0 }, { refunded: 1_250 }]);
  });

  test('renews it once, also when it is delivered twice', async () => {
    await service.handleTwice(capture(orderId));
    expect((await service.published()).map(({ type }) => type)).toEqual([
      'payment.authorised.v2',
      'payment.captured.v2',
    ]);
    expect(await simulator.ledger(orderId)).toMatchObject([
      { status: 'expired', held: 0, captured: 0 },
      { status: 'captured', held: 0, captured: 1_250 },
    ]);
    expect(await service.payment(orderId)).toMatchObject({ held: 0, captured: 1_250 });
  });

  test('renews it once, also after a crash between renewal and capture', async () => {
    const renewed = await service.provider.authorise({
      ...{ reference: orderId, total, token: 'tok_ok', key: `${orderId}/renewal` },
      signal: new AbortController().signal,
    });
    await service.handle(capture(orderId));
    expect(await simulator.ledger(orderId)).toMatchObject([
      { status: 'expired' },
      { id: renewed.kind === 'approved' ? renewed.authorisationId : '', captured: 1_250 },
    ]);
  });

  test('fails when the renewal is declined', async () => {
    await simulator.fault({ mode: 'decline', operation: 'authorise', reference: orderId });
    await service.handleTwice(capture(orderId));
    expect(await service.published()).toMatchObject([
      { type: 'payment.authorised.v2' },
      {
        type: 'payment.capture-failed.v2',
        data: { reason: 'the authorisation has expired, its renewal was declined: declined_on_request' },
      },
    ]);
  });
});
