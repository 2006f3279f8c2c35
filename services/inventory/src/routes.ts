import { money, sku } from '@emporium/contracts';
import type { Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { readProducts } from './store/products.ts';
import type { Tables } from './store/tables.ts';

const product = z.object({ sku, name: z.string(), price: money, available: z.int() });

/** Which part of a list, in the order of the skus. */
export const page = (most: number, limit: number) =>
  z.object({
    limit: z.coerce.number().int().min(1).max(most).default(limit),
    /** The last sku of the page before. */
    after: sku.optional(),
  });

export const productRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/products',
      {
        config: { access: 'public' },
        schema: {
          summary: 'What the shop sells',
          querystring: page(200, 50),
          response: { 200: z.object({ products: z.array(product) }) },
        },
      },
      async (request) => ({ products: await readProducts(store.db, request.query) }),
    );
  };
