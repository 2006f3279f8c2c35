import { emit } from '@emporium/bus';
import { shipmentDelivered } from '@emporium/contracts';
import {
  type HttpRequest,
  type HttpServer,
  jsonMediaType,
  parseJsonBody,
  problem,
  type Routes,
} from '@emporium/service';
import { type GroupWork, paired, type Store } from '@emporium/store';
import { z } from 'zod';
import { isSignedByCarrier } from './callback-signature.ts';
import { deliver } from './domain/delivery.ts';
import { shipments } from './store/shipments.ts';
import type { Tables } from './store/tables.ts';

const carrierText = z.string().regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits or . : _ -');
const callback = z.object({
  eventId: carrierText,
  type: z.literal('delivered'),
  shipmentId: carrierText,
  /** The order id. */
  reference: carrierText,
  at: z.iso.datetime({ offset: true }),
});
type Callback = z.output<typeof callback>;

/** The carrier reports deliveries here, and repeats each report until it gets 204. */
export const callbackRoutes =
  (store: Store<Tables>, secret: string): Routes =>
  async (server) => {
    const accept = store.grouped(acceptReports);
    await server.register(async (scope: HttpServer) => {
      requireSignature(scope, secret);
      scope.post(
        '/api/webhooks/carrier',
        {
          config: {
            access: 'public',
            problems: { 401: 'Not signed by the carrier', 409: 'No such shipment has been dispatched yet' },
          },
          schema: {
            summary: 'The carrier reports a delivery, with a signature',
            body: callback,
            response: { 204: z.null() },
          },
        },
        async (request, reply) => {
          const { reference, shipmentId } = request.body;
          if ((await accept(request.body)) === 'accepted') return reply.code(204).send(null);
          // The report may arrive before our own commit. The carrier repeats it.
          throw problem(
            409,
            'not-dispatched',
            `No shipment ${shipmentId} of order ${reference} is known to be dispatched.`,
          );
        },
      );
    });
  };

/** Processes a group of reports. A repeated report changes nothing and is accepted. */
const acceptReports: GroupWork<Tables, Callback, 'accepted' | 'not-dispatched'> = async (
  parts,
  { tx, now },
) => {
  const reports = parts.map((part) => ({ ...part, data: { orderId: part.item.reference } }));
  const decided = await shipments.decideAll({ tx, now }, reports, ({ item }, shipment) =>
    deliver(shipment, { carrierId: item.shipmentId, at: item.at }),
  );
  return paired(reports, decided).map(([{ data, effects }, { decision }]) => {
    if (decision.kind === 'not-dispatched') return decision.kind;
    if (decision.kind === 'delivered') {
      const { customerId, shipmentId, trackingNumber } = decision.change;
      effects.push(emit(shipmentDelivered, { ...data, customerId, shipmentId, trackingNumber }));
    }
    return 'accepted';
  });
};

/** The signature covers the raw bytes, so it is checked before they are parsed. */
const requireSignature = (scope: HttpServer, secret: string): void => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(jsonMediaType, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  scope.addHook('preValidation', async (request) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (!isSignedByCarrier(signatureOf(request), body, secret, new Date())) {
      throw problem(401, 'invalid-signature', 'The carrier-signature is missing, wrong or too old.');
    }
    request.body = parseJsonBody(request, body);
  });
};

const signatureOf = ({ headers }: HttpRequest): string | undefined => {
  const header = headers['carrier-signature'];
  return typeof header === 'string' ? header : undefined;
};
