import { setTimeout as sleep } from 'node:timers/promises';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authorise, capture, openPayment, type PaymentService, refund, release } from './support/payment.ts';
import { type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

/** Responses that are neither a valid success nor a known refusal. With `acts` the provider executes the request. */
const unclear: Readonly<Record<string, object>> = {
  '409 idempotency_key_in_use': { status: 409, body: { code: 'idempotency_key_in_use' } },
  '409 with another code': { status: 409, body: { code: 'conflict' } },
  '409 without a body': { status: 409, body: '' },
  '400': { status: 400, body: { code: 'invalid_request' } },
  '401': { times: 1, status: 401, body: { code: 'invalid_api_key' } },
  '402 with an unknown code': { status: 402, body: { code: 'call_issuer' } },
  '402 as a page': { status: 402, body: '<html>card_declined</html>' },
  '403': { status: 403, body: { code: 'card_declined' } },
  '404': { status: 404, body: '<html>not found</html>' },
  '404 with a code': { status: 404, body: { code: 'unknown_authorisation' } },
  '422 idempotency_key_reused': { status: 422, body: { code: 'idempotency_key_reused' } },
  '429 with Retry-After': { status: 429, headers: { 'retry-after': '1' } },
  '503 with Retry-After': { status: 503, headers: { 'retry-after': '1' } },
  '302': { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
  'an empty 200': { status: 200, acts: true, body: '' },
  'a page with 200': { status: 200, acts: true, body: '<html>Log in</html>' },
  'JSON that ends too early': { status: 201, acts: true, body: '{"id": "auth_1", "status": "appr' },
  'a success of another kind': { acts: true, body: { status: 'pending' } },
  'a success without an id': { acts: true, body: { id: '' } },
  'another amount': { acts: true, body: { amount: { amount: 1, currency: 'EUR' } } },
  'another currency': { acts: true, body: { amount: { amount: 1_250, currency: 'JPY' } } },
  'the amount as text': { acts: true, body: { amount: '12.50' } },
};
const times = 3;

describe.skipIf(!postgres.available)(postgres.title('an unclear response of the provider'), () => {
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
  beforeEach(() => {
    orderId = uuid();
    service.logLines.length = 0;
  });
  afterEach(async () => {
    await simulator.clearFaults();
    await service.published();
  });

  const types = async () => (await service.published()).map(({ type }) => type);
  const respondTo = (operation: string, response: object) =>
    simulator.fault({ mode: 'answer', operation, reference: orderId, times, ...response });

  /** One order per unclear response to this operation. */
  const ordersWithFaults = async (operation: string, maxTimes = times, responses = unclear) => {
    const orders = Object.entries(responses).map(([name, response]) => ({ name, response, id: uuid() }));
    return {
      setFaults: () =>
        simulator.fault(
          orders.map(({ response, id }) => ({
            mode: 'answer',
            operation,
            reference: id,
            times: maxTimes,
            ...response,
          })),
        ),
      /** The result of `look` for each order, by the name of the response. */
      each: async <Result>(look: (id: string) => Promise<Result>) =>
        Object.fromEntries(await Promise.all(orders.map(async ({ name, id }) => [name, await look(id)]))),
      sameForAll: <Result>(result: Result) => Object.fromEntries(orders.map(({ name }) => [name, result])),
    };
  };
  const isDeadLettered = async (id: string, deliver: (id: string) => ReturnType<PaymentService['deliver']>) =>
    (await deliver(id)).isDeadLettered;
  const heldAndTaken = async (id: string) =>
    (await simulator.ledger(id)).map(({ held, captured, refunded }) => [held, captured, refunded]);
  const authorised = (id: string) => service.deliver(authorise(id, 'tok_ok'));
  const captured = (id: string) => service.deliver(capture(id));

  test('does not decline: the authorisation is retried', async () => {
    const { setFaults, each, sameForAll } = await ordersWithFaults('authorise');
    await setFaults();
    expect(await each((id) => isDeadLettered(id, authorised))).toEqual(sameForAll(false));
    expect(new Set(await types())).toEqual(new Set(['payment.authorised.v2']));
    expect(await each(heldAndTaken)).toEqual(sameForAll([[1_250, 0, 0]]));
    expect(await each(service.ledger)).toEqual(sameForAll(['authorised 1250']));
  }, 60_000);

  test('leaves nothing held after a void', async () => {
    const { setFaults, each, sameForAll } = await ordersWithFaults('authorise', 1_000);
    await setFaults();
    const authorising = each((id) => service.deliver(authorise(id, 'tok_ok'), 2));
    await sleep(500);
    expect(await each((id) => isDeadLettered(id, (each) => service.deliver(release(each))))).toEqual(
      sameForAll(false),
    );
    await authorising;
    expect(await each(async (id) => (await service.payment(id))?.status)).toEqual(sameForAll('voided'));
    const stillHeld = async (id: string) => (await heldAndTaken(id)).flat().filter((amount) => amount > 0);
    expect(await each(stillHeld)).toEqual(sameForAll([]));
    expect(await types()).not.toContain('payment.authorised.v2');
  }, 60_000);

  test('does not fail a capture: it is retried', async () => {
    const { setFaults, each, sameForAll } = await ordersWithFaults('capture');
    await each(authorised);
    await setFaults();
    expect(await each((id) => isDeadLettered(id, captured))).toEqual(sameForAll(false));
    expect(new Set(await types())).toEqual(new Set(['payment.authorised.v2', 'payment.captured.v2']));
    expect(await each(heldAndTaken)).toEqual(sameForAll([[0, 1_250, 0]]));
  }, 60_000);

  test('does not complete a void: it is retried', async () => {
    const withoutAmounts = Object.entries(unclear).filter(
      ([, response]) => !JSON.stringify(response).includes('amount'),
    );
    const responses = Object.fromEntries(withoutAmounts);
    const { setFaults, each, sameForAll } = await ordersWithFaults('void', times, responses);
    await each(authorised);
    await setFaults();
    expect(await each((id) => isDeadLettered(id, (each) => service.deliver(release(each))))).toEqual(
      sameForAll(false),
    );
    expect(new Set(await types())).toEqual(new Set(['payment.authorised.v2', 'payment.voided.v2']));
    expect(await each(heldAndTaken)).toEqual(sameForAll([[0, 0, 0]]));
  }, 60_000);

  test('does not complete a refund: it is retried', async () => {
    const { setFaults, each, sameForAll } = await ordersWithFaults('refund');
    await each(authorised);
    await each(captured);
    await setFaults();
    expect(await each((id) => isDeadLettered(id, (each) => service.deliver(refund(each))))).toEqual(
      sameForAll(false),
    );
    expect(await each(heldAndTaken)).toEqual(sameForAll([[0, 1_250, 1_250]]));
    expect(await each(service.ledger)).toEqual(
      sameForAll(['authorised 1250', 'captured 1250', 'refunded 1250']),
    );
  }, 60_000);

  test('a response to a void with another authorisation is not accepted', async () => {
    await service.handle(authorise(orderId, 'tok_ok'));
    await respondTo('void', { body: { id: 'auth_of_somebody_else', status: 'voided' }, times: 2 });
    expect(await service.deliver(release(orderId))).toMatchObject({ isDeadLettered: false, attempt: 3 });
    expect(await simulator.ledger(orderId)).toMatchObject([{ status: 'voided' }]);
    expect(await service.ledger(orderId)).toEqual(['authorised 1250', 'voided 1250']);
  });

  test.each(['card_declined', 'insufficient_funds'])('402 %s is a refusal', async (code) => {
    await respondTo('authorise', { status: 402, body: { code } });
    await service.deliver(authorise(orderId, 'tok_ok'));
    expect(await service.published()).toMatchObject([
      { type: 'payment.declined.v2', data: { reason: code } },
    ]);
  });

  test('a request that takes the provider longer than our timeout is retried until it is finished', async () => {
    const delivered = await service.deliver(authorise(orderId, 'tok_busy_3000'));
    expect(delivered).toMatchObject({ attempt: 1, isDeadLettered: false });
    expect(await types()).toEqual(['payment.authorised.v2']);
    expect(await simulator.ledger(orderId)).toMatchObject([{ held: 1_250 }]);
  });

  test('a void of a request that is still in progress leaves nothing held', async () => {
    const delivered = service.deliver(authorise(orderId, 'tok_busy_3000'));
    await sleep(1_500); // the first attempt has timed out, the next one gets idempotency_key_in_use
    await service.deliver(release(orderId));
    await delivered;
    await sleep(2_000);
    expect(await service.published()).toMatchObject([
      { type: 'payment.voided.v2' },
      { type: 'payment.declined.v2', data: { reason: 'voided' } },
    ]);
    for (const line of await simulator.ledger(orderId)) expect(line).toMatchObject({ held: 0 });
    expect(await service.payment(orderId)).toMatchObject({ status: 'voided', held: 0 });
  });

  test.each([401, 404])(
    'a wrong configuration (%i) declines nothing, and deliveries succeed after it is fixed',
    async (status) => {
      await simulator.fault({ mode: 'answer', status, body: '' });
      const orders = Array.from({ length: 10 }, () => uuid());
      const deliveries = Promise.all(orders.map((id) => service.deliver(authorise(id, 'tok_ok'))));
      await sleep(2_000);
      expect(await service.published()).toEqual([]);
      await simulator.clearFaults();
      expect((await deliveries).filter(({ isDeadLettered }) => isDeadLettered)).toEqual([]);
      expect(new Set(await types())).toEqual(new Set(['payment.authorised.v2']));
      expect(service.logLines.filter((line) => line.includes('circuit breaker opened'))).toHaveLength(1);
    },
  );
});
