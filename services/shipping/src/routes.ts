import type { Routes } from '@emporium/service';
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
          summary: 'The shipment of each order, the newest first',
          querystring: z.object({
            limit: z.coerce.number().int().min(1).max(1_000).default(50),
            orderId: orderId.optional(),
            /** The last order of the page before. */
            before: orderId.optional(),
          }),
          response: { 200: z.object({ shipments: z.array(shipmentView) }) },
        },
      },
      async (request) => ({ shipments: (await readShipments(store.db, request.query)).map(view) }),
    );
  };

const view = ({ orderId, shipment }: { orderId: string; shipment: Shipment }) => ({ orderId, ...shipment });
