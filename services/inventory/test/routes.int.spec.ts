import { reserveStock } from '@emporium/contracts';
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
import { adminRoutes } from '../src/admin-routes.ts';
import { productRoutes } from '../src/routes.ts';
import { command, type Inventory, openInventory } from './support/inventory.ts';

const postgres = await serverFor('postgres');

const pair = generateKeyPair();
const [publicKey, privateKey] = [publicKeyFromText(pair.publicKey), privateKeyFromText(pair.privateKey)];
if (publicKey === undefined || privateKey === undefined) throw new Error('no keys');
const issuer = createTokenIssuer(privateKey);
const adminId = uuid();
const { token } = await issuer.issue({ userId: adminId, role: 'administrator' });
const { token: customerToken } = await issuer.issue({ userId: uuid(), role: 'customer' });

const tea = { sku: 'TEA', name: 'Green tea', price: { amount: 450, currency: 'EUR' } };

describe.skipIf(!postgres.available)(postgres.title('products over HTTP'), () => {
  let inventory: Inventory;
  let server: HttpServer;

  beforeEach(async () => {
    inventory = await openInventory(postgres.url);
    server = await createHttpServer({
      log: createLog({ service: 'inventory', level: 'silent' }),
      api: { title: 'inventory', description: 'under test' },
      health: createHealth(),
      tokens: createTokenVerifier(publicKey),
      routes: [productRoutes(inventory.store), adminRoutes(inventory.store)],
    });
  });

  afterEach(async () => {
    await server.close();
    await inventory.close();
  });

  const ask = async (
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    payload?: object,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const answer = await server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, body: answer.json() };
  };

  const changes = () => inventory.store.db.selectFrom('product_change').selectAll().orderBy('id').execute();

  test('a listed product can be ordered, and the sequence of its events is its version', async () => {
    expect(await ask('POST', '/api/admin/products', { ...tea, quantity: 7 })).toEqual({
      status: 201,
      body: { ...tea, available: 7 },
    });
    expect(await ask('GET', '/api/products')).toEqual({
      status: 200,
      body: { products: [{ ...tea, available: 7 }] },
    });
    expect(await inventory.published()).toEqual([
      { type: 'product.listed', data: tea, sequence: 1 },
      { type: 'product.restocked', data: { sku: 'TEA', quantity: 7, available: 7 }, sequence: 2 },
    ]);
    expect(await changes()).toMatchObject([
      { sku: 'TEA', kind: 'listed', quantity: 7, price_amount: 450, changed_by: adminId },
    ]);
  });

  test('a sku can be listed once', async () => {
    await ask('POST', '/api/admin/products', tea);
    await inventory.published();
    const again = await ask('POST', '/api/admin/products', { ...tea, name: 'Another', quantity: 1 });
    expect(again).toMatchObject({ status: 409, body: { type: 'urn:emporium:problem:product-exists' } });
    expect(await inventory.published()).toEqual([]);
    expect(await inventory.levels()).toMatchObject([{ received: 0 }]);
  });

  test('a changed price is published, the same price is not', async () => {
    await ask('POST', '/api/admin/products', tea);
    await inventory.published();
    const price = { amount: 500, currency: 'EUR' };
    for (let times = 0; times < 2; times += 1) {
      expect(await ask('PUT', '/api/admin/products/TEA/price', { price })).toEqual({
        status: 200,
        body: { ...tea, price },
      });
    }
    expect(await inventory.published()).toEqual([
      { type: 'product.price-changed', data: { sku: 'TEA', price }, sequence: 2 },
    ]);
    expect((await ask('GET', '/api/products')).body.products).toMatchObject([{ price }]);
  });

  test('a restock adds pieces, once for each Idempotency-Key', async () => {
    await ask('POST', '/api/admin/products', { ...tea, quantity: 1 });
    await inventory.published();
    const restock = (quantity: number) =>
      ask('POST', '/api/admin/products/TEA/restock', { quantity }, { 'idempotency-key': 'k-1' });
    const answer = {
      status: 200,
      body: { sku: 'TEA', received: 6, sold: 0, reserved: 0, available: 6 },
    };
    expect(await restock(5)).toEqual(answer);
    expect(await restock(5)).toEqual(answer);
    expect(await restock(6)).toMatchObject({ status: 422 });
    expect(await inventory.published()).toEqual([
      { type: 'product.restocked', data: { sku: 'TEA', quantity: 5, available: 6 }, sequence: 3 },
    ]);
    await ask('POST', '/api/admin/products/TEA/restock', { quantity: 5 });
    expect(await inventory.levels()).toMatchObject([{ received: 11 }]);
  });

  test('changes at the same time get different versions', async () => {
    await ask('POST', '/api/admin/products', tea);
    const restocks = Array.from({ length: 20 }, () =>
      ask('POST', '/api/admin/products/TEA/restock', { quantity: 2 }),
    );
    const reprices = Array.from({ length: 10 }, (_, n) =>
      ask('PUT', '/api/admin/products/TEA/price', { price: { amount: 1 + n, currency: 'EUR' } }),
    );
    await Promise.all([...restocks, ...reprices]);
    const sequences = (await inventory.published()).map(({ sequence }) => sequence);
    expect(sequences).toEqual(Array.from({ length: 31 }, (_, n) => n + 1)); // and in their order
  });

  test('the stock includes the reservations of open orders', async () => {
    await ask('POST', '/api/admin/products', { ...tea, quantity: 9 });
    await ask('POST', '/api/admin/products', { ...tea, sku: 'CUP', quantity: 1 });
    for (const quantity of [2, 3]) {
      const orderId = uuid();
      await inventory.handle(
        command(reserveStock, { orderId, lines: [{ sku: 'TEA', quantity }] }, { stepId: 's' }),
      );
    }
    expect((await ask('GET', '/api/admin/stock')).body).toEqual({
      stock: [
        { sku: 'CUP', received: 1, sold: 0, reserved: 0, available: 1, openReservations: 0 },
        { sku: 'TEA', received: 9, sold: 0, reserved: 5, available: 4, openReservations: 2 },
      ],
    });
    expect((await ask('GET', '/api/products')).body.products).toMatchObject([
      { sku: 'CUP', available: 1 },
      { sku: 'TEA', available: 4 },
    ]);
  });

  test('products are read in pages', async () => {
    for (const sku of ['C', 'A', 'B']) await ask('POST', '/api/admin/products', { ...tea, sku });
    const page = async (query: string) =>
      (await ask('GET', `/api/products?${query}`)).body.products.map(({ sku }: { sku: string }) => sku);
    expect(await page('limit=2')).toEqual(['A', 'B']);
    expect(await page('limit=2&after=B')).toEqual(['C']);
    const first = await ask('GET', '/api/products?limit=2');
    expect(first.body.next).toBe('/api/products?limit=2&after=B');
    expect((await server.inject('/api/products?limit=2')).headers['link']).toBe(
      '</api/products?limit=2&after=B>; rel="next"',
    );
    const last = await ask('GET', first.body.next);
    expect([last.body.products.length, last.body.next]).toEqual([1, undefined]);
    expect((await ask('GET', '/api/products?limit=3')).body.next).toBeUndefined();
  });

  test.each<[string, 'GET' | 'POST' | 'PUT', string, object | undefined, string]>([
    ['no name', 'POST', '/api/admin/products', { sku: 'X', price: tea.price }, 'name'],
    [
      'a price of 0',
      'POST',
      '/api/admin/products',
      { ...tea, price: { amount: 0, currency: 'EUR' } },
      'price.amount',
    ],
    [
      'not a currency of ISO 4217',
      'POST',
      '/api/admin/products',
      { ...tea, price: { amount: 1, currency: 'ZZZ' } },
      'price.currency',
    ],
    [
      'gold as a currency',
      'POST',
      '/api/admin/products',
      { ...tea, price: { amount: 1, currency: 'XAU' } },
      'price.currency',
    ],
    [
      'a former currency',
      'PUT',
      '/api/admin/products/TEA/price',
      { price: { amount: 1, currency: 'DEM' } },
      'price.currency',
    ],
    ['a name that turns text around', 'POST', '/api/admin/products', { ...tea, name: 'Tea\u202e' }, 'name'],
    ['a name of nothing visible', 'POST', '/api/admin/products', { ...tea, name: '\u200b\u3164' }, 'name'],
    ['a name on two lines', 'POST', '/api/admin/products', { ...tea, name: 'Tea\nfree' }, 'name'],
    ['a name of blanks', 'POST', '/api/admin/products', { ...tea, name: ' ' }, 'name'],
    ['a sku in small letters', 'POST', '/api/admin/products', { ...tea, sku: 'tea' }, 'sku'],
    [
      'a negative price',
      'POST',
      '/api/admin/products',
      { ...tea, price: { amount: -1, currency: 'EUR' } },
      'price.amount',
    ],
    ['an unknown field', 'POST', '/api/admin/products', { ...tea, colour: 'red' }, 'colour'],
    ['half a piece', 'POST', '/api/admin/products/TEA/restock', { quantity: 0.5 }, 'quantity'],
    ['no price', 'PUT', '/api/admin/products/TEA/price', {}, 'price'],
    ['a page without end', 'GET', '/api/products?limit=100000', undefined, 'query.limit'],
  ])('%s answers 400 and names the field', async (_, method, url, payload, field) => {
    const { status, body } = await ask(method, url, payload);
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  test('an unknown product answers 404', async () => {
    const { price } = tea;
    expect(await ask('PUT', '/api/admin/products/HAT/price', { price })).toMatchObject({ status: 404 });
    expect(await ask('POST', '/api/admin/products/HAT/restock', { quantity: 1 })).toMatchObject({
      status: 404,
    });
  });

  test('the admin routes are for administrators only', async () => {
    const asCustomer = { authorization: `Bearer ${customerToken}` };
    expect(await ask('POST', '/api/admin/products', tea, asCustomer)).toMatchObject({ status: 403 });
    expect(await ask('GET', '/api/admin/stock', undefined, asCustomer)).toMatchObject({ status: 403 });
    const anonymous = await server.inject({ method: 'GET', url: '/api/admin/stock' });
    expect(anonymous.statusCode).toBe(401);
    expect((await server.inject({ method: 'GET', url: '/api/products' })).statusCode).toBe(200);
  });
});
