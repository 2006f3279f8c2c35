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
    const answer = await server.inject({
      method: 'POST',
      url: '/api/webhooks/carrier',
      headers: { 'content-type': 'application/json', 'carrier-signature': `t=${t},v1=${mac}`, ...headers },
      payload: body,
    });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
  };

  const dispatched = async (): Promise<string> => {
    await service.handle(dispatch(orderId));
    await service.published();
    return (await simulator.shipments(orderId))[0]?.id ?? '';
  };

  test('comes from the carrier itself, and is taken once whatever is sent again', async () => {
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

  test('is taken once, however often it is sent', async () => {
    const id = await dispatched();
    for (let times = 0; times < 3; times += 1) expect(await post(report(id))).toMatchObject({ status: 204 });
    expect(await post(report(id, { eventId: 'evt_other' }))).toMatchObject({ status: 204 });
    expect(await service.published()).toMatchObject([{ type: 'shipment.delivered', data: { orderId } }]);
    expect(await service.shipment(orderId)).toMatchObject({
      status: 'delivered',
      deliveredAt: '2026-11-23T10:00:00.000Z',
    });
  });

  test('is taken once when it is sent many times at one time', async () => {
    const id = await dispatched();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(report(id))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 204));
    expect(await service.published()).toHaveLength(1);
  });

  test('is answered for itself when many come at one time', async () => {
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
        { ...first, reference: uuid() }, // of an order that nobody placed
        ...sent,
        { ...first, eventId: 'evt_wrong', shipmentId: 'ship_1' },
      ].map((each) => post(each)),
    );
    const [taken, ahead] = [Array(8).fill(204), 409];
    expect(answers.map(({ status }) => status)).toEqual([...taken, 204, ahead, ...taken, ahead]);
    const references = sent.map(({ reference }) => reference).toSorted();
    expect((await service.published()).map(({ type, data }) => [type, data['orderId']]).toSorted()).toEqual(
      references.map((reference) => ['shipment.delivered', reference]),
    );
    for (const reference of references)
      expect(await service.shipment(reference)).toMatchObject({ status: 'delivered' });
  });

  test('that is ahead of our own commit is refused for now, and taken when it comes again', async () => {
    expect(await post(report('ship_1'))).toMatchObject({
      status: 409,
      body: { type: 'urn:emporium:problem:not-dispatched' },
    });
    const id = await dispatched();
    expect(await post(report(id))).toMatchObject({ status: 204 });
    expect(await service.published()).toHaveLength(1);
  });

  test('does not change what a cancellation or a dispatch that comes again is told', async () => {
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
    ['with a wrong one', { 'carrier-signature': `t=${Math.floor(Date.now() / 1_000)},v1=${'0'.repeat(64)}` }],
  ])('%s answers 401 and changes nothing', async (_, headers) => {
    const id = await dispatched();
    expect(await post(report(id), headers)).toMatchObject({
      status: 401,
      body: { type: 'urn:emporium:problem:invalid-signature' },
    });
    expect(await post('not json', headers)).toMatchObject({ status: 401 });
    expect(await service.published()).toEqual([]);
  });

  test('without a body answers 401', async () => {
    const answer = await server.inject({ method: 'POST', url: '/api/webhooks/carrier' });
    expect(answer.statusCode).toBe(401);
  });

  test.each<[string, unknown, string]>([
    ['no JSON', '{', 'body'],
    ['an unknown type', report('ship_1', { type: 'lost' }), 'type'],
    ['no time', report('ship_1', { at: 'yesterday' }), 'at'],
    ['a reference that is none', report('ship_1', { reference: '\u0000' }), 'reference'],
    ['no event', report('ship_1', { eventId: undefined }), 'eventId'],
    ['a list', [], 'body'],
  ])('that is signed and holds %s answers 400 and names the field', async (_, payload, field) => {
    const { status, body } = await post(payload);
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  test('that is too large answers 413, one that is no JSON by its type 415', async () => {
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
