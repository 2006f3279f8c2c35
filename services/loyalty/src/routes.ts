import { currentUser, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import type { Tables } from './store/tables.ts';
import { ledgerView, page, viewLedger } from './view.ts';

export const loyaltyRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/loyalty/me',
      {
        config: { access: 'user' },
        schema: {
          summary: "The caller's points, and the entries that led to them, the newest first",
          querystring: page,
          response: { 200: ledgerView },
        },
      },
      (request, reply) => {
        const { userId: customerId } = currentUser(request);
        return viewLedger(store.db, { request, reply, customerId, query: request.query });
      },
    );
  };
