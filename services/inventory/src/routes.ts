import { money, sku } from '@emporium/contracts';
import { nextPage, pageLimit, type Routes, readPage } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { readProducts } from './store/products.ts';
import type { Tables } from './store/tables.ts';

const product = z.object({ sku, name: z.string(), price: money, available: z.int() });

/** The query of a list that is ordered by sku. */
export const page = (maxLimit: number, usualLimit: number) =>
  z.object({
    limit: pageLimit(maxLimit, usualLimit),
    /** The last sku of the previous page. */
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
          summary: 'The products of the shop',
          querystring: page(200, 50),
          response: { 200: z.object({ products: z.array(product), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'after',
          read: (limit) => readProducts(store.db, { ...query, limit }),
          cursorOf: (row) => row.sku,
        });
        return { products: [...rows], ...next };
      },
    );
  };
