import { cursor, nextPage, pageLimit, type Routes, readPage } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { readPayments } from './store/ledger.ts';
import type { Tables } from './store/tables.ts';

const orderId = z.string().max(100);
const payment = z.object({
  orderId: z.string(),
  status: z.string(),
  currency: z.string().optional(),
  held: z.int(),
  captured: z.int(),
  refunded: z.int(),
});

export const paymentRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/admin/payments',
      {
        config: { access: 'administrator' },
        schema: {
          summary: 'The payment of each order by our ledger, newest first; amounts in minor units',
          querystring: z.object({
            limit: pageLimit(1_000, 50),
            orderId: orderId.optional(),
            before: cursor,
          }),
          response: { 200: z.object({ payments: z.array(payment), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => readPayments(store.db, { ...query, limit }),
          cursorOf: (row) => row.orderId,
        });
        return { payments: [...rows], ...next };
      },
    );
  };
