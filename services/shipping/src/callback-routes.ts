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

const carriersId = z
  .string()
  .regex(/^[\w.:-]{1,100}$/, 'must be letters, digits and . : _ - alone, 100 at most');
const callback = z.object({
  eventId: carriersId,
  type: z.literal('delivered'),
  shipmentId: carriersId,
  /** The order. */
  reference: carriersId,
  at: z.iso.datetime({ offset: true }),
});
type Callback = z.output<typeof callback>;

/** The carrier tells of deliveries, each as often as it takes until it hears 204. */
export const callbackRoutes =
  (store: Store<Tables>, secret: string): Routes =>
  async (server) => {
    const take = store.grouped(takeDeliveries);
    await server.register(async (scope: HttpServer) => {
      acceptSignedAlone(scope, secret);
      scope.post(
        '/api/webhooks/carrier',
        {
          config: {
            access: 'public',
            problems: { 401: 'Not signed by the carrier', 409: 'No such shipment is on its way yet' },
          },
          schema: {
            summary: 'The carrier reports a delivery; signed by it',
            body: callback,
            response: { 204: z.null() },
          },
        },
        async (request, reply) => {
          const { reference, shipmentId } = request.body;
          if ((await take(request.body)) === 'taken') return reply.code(204).send(null);
          // It may be ahead of our own commit: the carrier tries again, and finds it then.
          throw problem(
            409,
            'not-dispatched',
            `No shipment ${shipmentId} of ${reference} is on its way as far as we know.`,
          );
        },
      );
    });
  };

/** Each report that is new delivers its shipment; one that comes again finds it delivered. */
const takeDeliveries: GroupWork<Tables, Callback, 'taken' | 'not-dispatched'> = async (
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
    return 'taken';
  });
};

/** The signature is over the bytes as they came: they are checked before anything reads them. */
const acceptSignedAlone = (scope: HttpServer, secret: string): void => {
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
