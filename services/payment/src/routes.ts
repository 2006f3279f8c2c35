import type { Routes } from '@emporium/service';
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
          summary: 'What our ledger says of each order, the newest first; amounts in minor units',
          querystring: z.object({
            limit: z.coerce.number().int().min(1).max(1_000).default(50),
            orderId: orderId.optional(),
            /** The last order of the page before. */
            before: orderId.optional(),
          }),
          response: { 200: z.object({ payments: z.array(payment) }) },
        },
      },
      async (request) => ({ payments: await readPayments(store.db, request.query) }),
    );
  };
