import { isCurrency, money, quantity, sku } from '@emporium/contracts';
import {
  currentUser,
  type HttpRequest,
  nextPage,
  plainText,
  problem,
  type Routes,
  readPage,
} from '@emporium/service';
import { type Answer, idempotent, type Store, type Tx } from '@emporium/store';
import { z } from 'zod';
import { listProduct, repriceProduct, restockProduct } from './product-changes.ts';
import { page } from './routes.ts';
import { readStock } from './store/stock-levels.ts';
import type { Tables } from './store/tables.ts';

const access = 'administrator';
const params = z.object({ sku });
const productName = plainText(200);
/** A price is never zero. */
const price = money.extend({
  amount: money.shape.amount.min(1),
  currency: money.shape.currency.refine(isCurrency, 'must be a currency of ISO 4217'),
});
const product = z.object({ sku, name: z.string(), price: money });
const level = z.object({
  sku,
  received: z.int(),
  sold: z.int(),
  reserved: z.int(),
  available: z.int(),
});
const stockRow = level.extend({ openReservations: z.int() });

export const adminRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.post(
      '/api/admin/products',
      {
        config: { access, problems: { 409: 'There already is a product with this sku' } },
        schema: {
          summary: 'List a product, with its initial stock',
          body: z.object({ sku, name: productName, price, quantity: quantity.optional() }).meta({
            examples: [
              { sku: 'MUG-1', name: 'Mug', price: { amount: 1_250, currency: 'EUR' }, quantity: 10 },
            ],
          }),
          response: { 201: product.extend({ available: z.int() }) },
        },
      },
      async (request, reply) => {
        const { quantity: initial = 0, ...listed } = request.body;
        const by = currentUser(request).userId;
        const isNew = await store.transaction((work) => listProduct(work, listed, initial, by));
        if (!isNew) throw problem(409, 'product-exists', `There already is a product ${listed.sku}.`);
        return reply
          .code(201)
          .header('location', '/api/products')
          .send({ ...listed, available: initial });
      },
    );

    server.put(
      '/api/admin/products/:sku/price',
      {
        config: { access },
        schema: {
          summary: 'Change the price for future orders',
          params,
          body: z.object({ price }).meta({ examples: [{ price: { amount: 1_350, currency: 'EUR' } }] }),
          response: { 200: product },
        },
      },
      async (request) => {
        const by = currentUser(request).userId;
        const { sku: named } = request.params;
        const repriced = await store.transaction((work) =>
          repriceProduct(work, named, request.body.price, by),
        );
        if (repriced === undefined) throw unknownProduct(named);
        return repriced;
      },
    );

    server.post(
      '/api/admin/products/:sku/restock',
      {
        config: {
          access,
          problems: {
            409: 'A request with this Idempotency-Key is in progress',
            422: 'The Idempotency-Key was used with another body',
          },
        },
        schema: {
          summary: 'Add to the stock; with an `Idempotency-Key` a repeated request has no effect',
          params,
          headers: z.looseObject({ 'idempotency-key': z.string().min(1).max(200).optional() }),
          body: z.object({ quantity }).meta({ examples: [{ quantity: 10 }] }),
          response: { 200: level },
        },
      },
      async (request, reply) => {
        const { sku: named } = request.params;
        const by = currentUser(request).userId;
        const answer = await store.transaction((work) =>
          once(work.tx, request, `restock ${named}`, async () => {
            const body = await restockProduct(work, named, request.body.quantity, by);
            if (body === undefined) throw unknownProduct(named);
            return { status: 200, headers: {}, body };
          }),
        );
        return reply.code(200).headers(answer.headers).send(level.parse(answer.body));
      },
    );

    server.get(
      '/api/admin/stock',
      {
        config: { access },
        schema: {
          summary: 'Stock and reservations: on hand = available + reserved, received = on hand + sold',
          querystring: page(10_000, 1_000),
          response: { 200: z.object({ stock: z.array(stockRow), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'after',
          read: (limit) => readStock(store.db, { ...query, limit }),
          cursorOf: (row) => row.sku,
        });
        return { stock: [...rows], ...next };
      },
    );
  };

/** With an `Idempotency-Key`, a repeated request gets the first response again. */
const once = async (
  tx: Tx<Tables>,
  request: HttpRequest,
  route: string,
  work: () => Promise<Answer>,
): Promise<Answer> => {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return work();
  const scope = `${currentUser(request).userId} ${route}`;
  const outcome = await idempotent(tx, { scope, key, body: request.body }, work);
  switch (outcome.kind) {
    case 'answered':
      return outcome.answer;
    case 'mismatch':
      throw problem(422, 'idempotency-key-reused', 'This Idempotency-Key was used with another body.');
    case 'in-use':
      throw problem(409, 'idempotency-key-in-use', 'A request with this Idempotency-Key is in progress.');
  }
};

const unknownProduct = (named: string) => problem(404, 'not-found', `There is no product ${named}.`);
