import { serverFor } from '@emporium/servers';
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
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { paymentRoutes } from '../src/routes.ts';
import { authorise, capture, openPayment, type PaymentService, release } from './support/payment.ts';
import { type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

const pair = generateKeyPair();
const [publicKey, privateKey] = [publicKeyFromText(pair.publicKey), privateKeyFromText(pair.privateKey)];
if (publicKey === undefined || privateKey === undefined) throw new Error('no keys');
const issuer = createTokenIssuer(privateKey);

describe.skipIf(!postgres.available)(postgres.title('payments over HTTP'), () => {
  let simulator: Simulator;
  let service: PaymentService;
  let server: HttpServer;

  beforeEach(async () => {
    simulator = await startSimulator();
    service = await openPayment(postgres.url, simulator.url);
    server = await createHttpServer({
      log: createLog({ service: 'payment', level: 'silent' }),
      api: { title: 'payment', description: 'under test' },
      health: createHealth(),
      tokens: createTokenVerifier(publicKey),
      routes: [paymentRoutes(service.store)],
    });
  });
  afterEach(async () => {
    await server.close();
    await service.close();
    await simulator.stop();
  });

  const payments = async (query: string, role: 'customer' | 'administrator' = 'administrator') => {
    const { token } = await issuer.issue({ userId: uuid(), role });
    const headers = { authorization: `Bearer ${token}` };
    const response = await server.inject({ method: 'GET', url: `/api/admin/payments?${query}`, headers });
    return { status: response.statusCode, body: response.json() };
  };

  test('an administrator sees the payments of all orders, newest first', async () => {
    const [captured, authorised, voided, declined] = [uuid(), uuid(), uuid(), uuid()];
    for (const orderId of [captured, authorised, voided]) await service.handle(authorise(orderId, 'tok_ok'));
    await service.handle(authorise(declined, 'tok_declined'));
    await service.handle(capture(captured));
    await service.handle(release(voided));
    const [none, EUR] = [{ held: 0, captured: 0, refunded: 0 }, { currency: 'EUR' }];
    const all = [
      { orderId: declined, status: 'declined', ...none },
      { orderId: voided, status: 'voided', ...EUR, ...none },
      { orderId: authorised, status: 'authorised', ...EUR, ...none, held: 1_250 },
      { orderId: captured, status: 'captured', ...EUR, ...none, captured: 1_250 },
    ];
    expect(await payments('')).toEqual({ status: 200, body: { payments: all } });
    expect((await payments('limit=2')).body.payments).toEqual(all.slice(0, 2));
    expect((await payments(`limit=2&before=${voided}`)).body.payments).toEqual(all.slice(2));
    expect((await payments(`orderId=${authorised}`)).body.payments).toEqual([all[2]]);
  });

  test('other users do not', async () => {
    expect((await payments('', 'customer')).status).toBe(403);
    expect((await server.inject({ method: 'GET', url: '/api/admin/payments' })).statusCode).toBe(401);
    expect((await payments('limit=0')).status).toBe(400);
  });
});
