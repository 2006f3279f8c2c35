import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancel, dispatch, openShipping, type ShippingService } from './support/shipping.ts';
import { type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

/** Responses that are neither a valid success nor a known refusal. With `acts` the carrier executes the request. */
const unclear: Readonly<Record<string, object>> = {
  '409 idempotency_key_in_use': { status: 409, body: { code: 'idempotency_key_in_use' } },
  '400': { status: 400, body: { code: 'invalid_request' } },
  '401': { times: 1, status: 401, body: '' },
  '403': { status: 403, body: { code: 'address_not_served' } },
  '404': { status: 404, body: '<html>not found</html>' },
  '422 with an unknown code': { status: 422, body: { code: 'idempotency_key_reused' } },
  '429 with Retry-After': { status: 429, headers: { 'retry-after': '1' } },
  'an empty 200': { status: 200, acts: true, body: '' },
  'a page with 200': { status: 200, acts: true, body: '<html>Log in</html>' },
  'JSON that ends too early': { status: 201, acts: true, body: '{"id": "ship_1", "status": "dis' },
  'another order': { acts: true, body: { reference: 'somebody-else' } },
  'an invalid status': { acts: true, body: { status: 'pending', id: 7 } },
};

describe.skipIf(!postgres.available)(postgres.title('an unclear response of the carrier'), () => {
  let simulator: Simulator;
  let service: ShippingService;

  beforeAll(async () => {
    simulator = await startSimulator();
    service = await openShipping(postgres.url, simulator.url);
  });
  afterAll(async () => {
    await service?.close();
    await simulator?.stop();
  });

  const setFaults = async (operation: string) => {
    const orders = Object.entries(unclear).map(([name, response]) => ({ name, response, id: uuid() }));
    await simulator.fault(
      orders.map(({ response, id }) => ({ mode: 'answer', operation, reference: id, times: 3, ...response })),
    );
    return {
      each: async <Result>(look: (id: string) => Promise<Result>) =>
        Object.fromEntries(await Promise.all(orders.map(async ({ name, id }) => [name, await look(id)]))),
      sameForAll: <Result>(result: Result) => Object.fromEntries(orders.map(({ name }) => [name, result])),
    };
  };
  const parcels = async (id: string) => (await simulator.shipments(id)).length;
  const types = async () => new Set((await service.published()).map(({ type }) => type));

  test('does not fail a dispatch: it is retried, and ships once', async () => {
    const { each, sameForAll } = await setFaults('ship');
    expect(await each(async (id) => (await service.deliver(dispatch(id))).isDeadLettered)).toEqual(
      sameForAll(false),
    );
    expect(await types()).toEqual(new Set(['shipment.dispatched.v2']));
    expect(await each(parcels)).toEqual(sameForAll(1));
  }, 60_000);

  test('does not complete a cancellation: it is retried', async () => {
    const { each, sameForAll } = await setFaults('cancel');
    expect(await each(async (id) => (await service.deliver(cancel(id))).isDeadLettered)).toEqual(
      sameForAll(false),
    );
    expect(await types()).toEqual(new Set(['shipment.cancelled.v2']));
    expect(await each(parcels)).toEqual(sameForAll(0));
  }, 60_000);
});
