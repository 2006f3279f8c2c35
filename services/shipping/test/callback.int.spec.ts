import { createHmac } from 'node:crypto';
import { freePort, serverFor } from '@emporium/servers';
import {
  createHealth,
  createHttpServer,
  createLog,
  createTokenIssuer,
  createTokenVerifier,
  generateKeyPair,
  type HttpServer,
  privateKeyFromText,
  publicKeyFromText,
} from '@emporium/service';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callbackRoutes } from '../src/callback-routes.ts';
import { shipmentRoutes } from '../src/routes.ts';
import { cancel, customerId, dispatch, openShipping, type ShippingService } from './support/shipping.ts';
import { keys, type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

const pair = generateKeyPair();
const [publicKey, privateKey] = [publicKeyFromText(pair.publicKey), privateKeyFromText(pair.privateKey)];
if (publicKey === undefined || privateKey === undefined) throw new Error('no keys');
const issuer = createTokenIssuer(privateKey);

describe.skipIf(!postgres.available)(postgres.title("the carrier's callback"), () => {
  let simulator: Simulator;
  let service: ShippingService;
  let server: HttpServer;
  let orderId: string;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    simulator = await startSimulator({
      CARRIER_CALLBACK_URL: `http://127.0.0.1:${port}/api/webhooks/carrier`,
      DELIVERY_DELAY_MS: '0',
    });
  });
  afterAll(() => simulator?.stop());

  beforeEach(async () => {
    service = await openShipping(postgres.url, simulator.url);
    server = await createHttpServer({
      log: createLog({ service: 'shipping', level: 'silent' }),
      api: { title: 'shipping', description: 'under test' },
      health: createHealth(),
      tokens: createTokenVerifier(publicKey),
      routes: [callbackRoutes(service.store, keys.webhook), shipmentRoutes(service.store)],
    });
    orderId = uuid();
  });
  afterEach(async () => {
    await server.close();
    await service.close();
  });

  const report = (shipmentId: string, change: Readonly<Record<string, unknown>> = {}) => ({
    ...{ eventId: `evt_${shipmentId}`, type: 'delivered', shipmentId, reference: orderId },
    at: '2026-11-23T10:00:00.000Z',
    ...change,
  });

  const post = async (payload: unknown, headers?: Readonly<Record<string, string>>) => {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const t = Math.floor(Date.now() / 1_000);
    const mac = createHmac('sha256', keys.webhook).update(`${t}.${body}`).digest('hex');
    const response = await server.inject({
      method: 'POST',
      url: '/api/webhooks/carrier',
      headers: { 'content-type': 'application/json', 'carrier-signature': `t=${t},v1=${mac}`, ...headers },
      payload: body,
    });
    return { status: response.statusCode, body: response.body === '' ? undefined : response.json() };
  };

  const dispatched = async (): Promise<string> => {
    await service.handle(dispatch(orderId));
    await service.published();
    return (await simulator.shipments(orderId))[0]?.id ?? '';
  };

  test('sent by the simulator is accepted once', async () => {
    await server.listen({ host: '127.0.0.1', port });
    await service.handle(dispatch(orderId));
    await expect
      .poll(async () => (await simulator.shipments(orderId))[0]?.reportedAt, { timeout: 10_000 })
      .toBeDefined();
    const [first, delivered, ...more] = await service.published();
    expect(delivered).toEqual({ type: 'shipment.delivered', data: first?.data });
    expect(first?.data).toMatchObject({ orderId, customerId });
    expect(more).toEqual([]);
  });

  test('is accepted once, however often it is sent', async () => {
    const id = await dispatched();
    for (let times = 0; times < 3; times += 1) expect(await post(report(id))).toMatchObject({ status: 204 });
    expect(await post(report(id, { eventId: 'evt_other' }))).toMatchObject({ status: 204 });
    expect(await service.published()).toMatchObject([{ type: 'shipment.delivered', data: { orderId } }]);
    expect(await service.shipment(orderId)).toMatchObject({
      status: 'delivered',
      deliveredAt: '2026-11-23T10:00:00.000Z',
    });
  });

  test('is accepted once when it is sent concurrently', async () => {
    const id = await dispatched();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(report(id))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 204));
    expect(await service.published()).toHaveLength(1);
  });

  test('gets its own response when many arrive concurrently', async () => {
    const sent = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const reference = uuid();
        await service.handle(dispatch(reference));
        return report((await simulator.shipments(reference))[0]?.id ?? '', { reference });
      }),
    );
    await service.published();
    const [first] = sent;
    const answers = await Promise.all(
      [
        ...sent,
        { ...first, eventId: 'evt_other' }, // of the same shipment
        { ...first, reference: uuid() }, // of an unknown order
        ...sent,
        { ...first, eventId: 'evt_wrong', shipmentId: 'ship_1' },
      ].map((each) => post(each)),
    );
    const [accepted, unknown] = [Array(8).fill(204), 409];
    expect(answers.map(({ status }) => status)).toEqual([...accepted, 204, unknown, ...accepted, unknown]);
    const references = sent.map(({ reference }) => reference).toSorted();
    expect((await service.published()).map(({ type, data }) => [type, data['orderId']]).toSorted()).toEqual(
      references.map((reference) => ['shipment.delivered', reference]),
    );
    for (const reference of references)
      expect(await service.shipment(reference)).toMatchObject({ status: 'delivered' });
  });

  test('that arrives before our own commit is rejected, and accepted when it is repeated', async () => {
    expect(await post(report('ship_1'))).toMatchObject({
      status: 409,
      body: { type: 'urn:emporium:problem:not-dispatched' },
    });
    const id = await dispatched();
    expect(await post(report(id))).toMatchObject({ status: 204 });
    expect(await service.published()).toHaveLength(1);
  });

  test('does not change the replies to a later cancellation or repeated dispatch', async () => {
    const id = await dispatched();
    await post(report(id));
    await service.published();
    await service.handle(cancel(orderId));
    await service.handle(dispatch(orderId));
    expect((await service.published()).map(({ type }) => type)).toEqual([
      'shipment.dispatched.v2',
      'shipment.dispatched.v2',
    ]);
    expect(await service.shipment(orderId)).toMatchObject({ status: 'delivered' });
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ['without a signature', { 'carrier-signature': '' }],
    [
      'with a wrong signature',
      { 'carrier-signature': `t=${Math.floor(Date.now() / 1_000)},v1=${'0'.repeat(64)}` },
    ],
  ])('%s gets 401 and changes nothing', async (_, headers) => {
    const id = await dispatched();
    expect(await post(report(id), headers)).toMatchObject({
      status: 401,
      body: { type: 'urn:emporium:problem:invalid-signature' },
    });
    expect(await post('not json', headers)).toMatchObject({ status: 401 });
    expect(await service.published()).toEqual([]);
  });

  test('without a body gets 401', async () => {
    const response = await server.inject({ method: 'POST', url: '/api/webhooks/carrier' });
    expect(response.statusCode).toBe(401);
  });

  test.each<[string, unknown, string]>([
    ['invalid JSON', '{', 'body'],
    ['an unknown type', report('ship_1', { type: 'lost' }), 'type'],
    ['an invalid time', report('ship_1', { at: 'yesterday' }), 'at'],
    ['an invalid reference', report('ship_1', { reference: '\u0000' }), 'reference'],
    ['no event id', report('ship_1', { eventId: undefined }), 'eventId'],
    ['a list', [], 'body'],
  ])('with a valid signature and %s gets 400 with the field', async (_, payload, field) => {
    const { status, body } = await post(payload);
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  test('that is too large gets 413, another content type 415', async () => {
    expect(await post('x'.repeat(100_000))).toMatchObject({ status: 413 });
    expect(await post('x', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
  });

  test('administrators see the shipments', async () => {
    await dispatched();
    const ask = async (role: 'customer' | 'administrator') => {
      const { token } = await issuer.issue({ userId: uuid(), role });
      const headers = { authorization: `Bearer ${token}` };
      return server.inject({ method: 'GET', url: `/api/admin/shipments?orderId=${orderId}`, headers });
    };
    expect((await ask('administrator')).json()).toEqual({
      shipments: [
        {
          ...{ orderId, status: 'dispatched', shipmentId: expect.any(String) },
          trackingNumber: expect.any(String),
        },
      ],
    });
    expect((await ask('customer')).statusCode).toBe(403);
  });
});
