import { cursor, nextPage, pageLimit, type Routes, readPage } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import type { Shipment } from './domain/shipment.ts';
import { readShipments } from './store/shipments.ts';
import type { Tables } from './store/tables.ts';

const orderId = z.string().max(100);
const shipmentView = z.object({
  orderId: z.string(),
  status: z.string(),
  shipmentId: z.string().optional(),
  trackingNumber: z.string().optional(),
  deliveredAt: z.string().optional(),
  reason: z.string().optional(),
});

export const shipmentRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/admin/shipments',
      {
        config: { access: 'administrator' },
        schema: {
          summary: 'The shipment of each order, newest first',
          querystring: z.object({
            limit: pageLimit(1_000, 50),
            orderId: orderId.optional(),
            before: cursor,
          }),
          response: { 200: z.object({ shipments: z.array(shipmentView), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => readShipments(store.db, { ...query, limit }),
          cursorOf: (row) => row.orderId,
        });
        return { shipments: rows.map(view), ...next };
      },
    );
  };

const view = ({ orderId, shipment }: { orderId: string; shipment: Shipment }) => ({ orderId, ...shipment });
