import type { Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import type { Tables } from './store/tables.ts';
import { ledgerView, page, viewLedger } from './view.ts';

export const adminRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/admin/loyalty/:customerId',
      {
        config: { access: 'administrator' },
        schema: {
          summary: 'The points of a customer, and the entries that led to them, the newest first',
          params: z.object({ customerId: z.uuid('must be the id of a user') }),
          querystring: page,
          response: { 200: ledgerView },
        },
      },
      (request, reply) => {
        const { customerId } = request.params;
        return viewLedger(store.db, { request, reply, customerId, query: request.query });
      },
    );
  };
