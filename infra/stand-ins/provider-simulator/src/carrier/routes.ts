import type { HttpServer } from '@emporium/service';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { idempotencyHeaders, idempotencyKeyOf } from '../idempotency-key.ts';
import type { Respond } from '../responder.ts';
import { shipment } from './records.ts';
import type { Shipments } from './shipments.ts';

const text = z.string().min(1).max(200);
const shipmentRequest = z.object({
  reference: text,
  /** Accepted but not used. */
  address: z.record(z.string(), z.unknown()).optional(),
  lines: z.array(z.record(z.string(), z.unknown())).max(1_000).optional(),
});
const tags = ['carrier'];

export interface CarrierRoutesOptions {
  readonly shipments: Shipments;
  readonly faults: Faults;
  readonly respond: Respond;
}

export const carrierRoutes = (
  server: HttpServer,
  { shipments, faults, respond }: CarrierRoutesOptions,
): void => {
  server.post(
    '/shipments',
    { schema: { tags, headers: idempotencyHeaders, body: shipmentRequest } },
    (request, reply) => {
      const { reference } = request.body;
      const key = idempotencyKeyOf(request);
      const fault = faults.match('carrier', { operation: 'ship', reference });
      return respond({ request, reply }, fault, (isRefused) => shipments.ship(key, request.body, isRefused));
    },
  );

  server.post(
    '/shipments/cancellations',
    { schema: { tags, body: z.object({ reference: text }) } },
    (request, reply) => {
      const { reference } = request.body;
      const fault = faults.match('carrier', { operation: 'cancel', reference });
      return respond({ request, reply }, fault, (isRefused) => shipments.cancel(reference, isRefused));
    },
  );

  server.get('/shipments', { schema: shipmentsSchema }, (request) => ({
    shipments: [...shipments.list(request.query.reference)],
  }));
};

export const shipmentsSchema = {
  tags: ['carrier'],
  querystring: z.object({ reference: text.optional() }),
  response: { 200: z.object({ shipments: z.array(shipment) }) },
};
