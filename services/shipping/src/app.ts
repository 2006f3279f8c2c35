import { createOutbound, createService, type LifecycleStage, type Log } from '@emporium/service';
import { callbackRoutes } from './callback-routes.ts';
import { createCarrier } from './carrier.ts';
import type { Config } from './config.ts';
import { onCancelShipment } from './handlers/cancel-shipment.ts';
import { onDispatchOrder } from './handlers/dispatch-order.ts';
import { migrations } from './migrations/index.ts';
import { shipmentRoutes } from './routes.ts';
import type { Tables } from './store/tables.ts';

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('shipping', config, log, ({ store }) => {
    const carrier = createCarrier(
      createOutbound({
        peer: 'the carrier',
        url: config.CARRIER_URL,
        apiKey: config.CARRIER_API_KEY,
        timeoutMs: config.CARRIER_TIMEOUT_MS,
        log,
      }),
    );
    return {
      description: 'Shipments through a carrier, from the dispatch to the delivery.',
      migrations,
      routes: [callbackRoutes(store, config.CARRIER_WEBHOOK_SECRET), shipmentRoutes(store)],
      subscriptions: { 'shipping.commands': [onDispatchOrder(carrier), onCancelShipment(carrier)] },
    };
  });
