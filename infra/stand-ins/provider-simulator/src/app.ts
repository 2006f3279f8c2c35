import {
  createHealth,
  createHttpServer,
  type HttpServer,
  type LifecycleStage,
  type Log,
  listen,
} from '@emporium/service';
import { requireKey } from './api-keys.ts';
import { createDeliveries } from './carrier/deliveries.ts';
import type { Shipment } from './carrier/records.ts';
import { carrierRoutes } from './carrier/routes.ts';
import { createShipments } from './carrier/shipments.ts';
import type { Config } from './config.ts';
import { createFaults } from './faults.ts';
import { successBody } from './outcome.ts';
import { createLedger } from './payment/ledger.ts';
import { paymentRoutes } from './payment/routes.ts';
import { createResponder } from './responder.ts';
import { simulatorRoutes } from './simulator-routes.ts';

const api = {
  title: 'Provider simulator',
  description: 'Simulates a payment provider and a carrier',
};

export const createApp = async (config: Config, log: Log): Promise<LifecycleStage[]> => {
  const health = createHealth();
  const faults = createFaults();
  const ledger = createLedger({ file: config.STATE_FILE, authorisationTtlMs: config.AUTHORISATION_TTL_MS });
  const shipments = createShipments({
    file: config.STATE_FILE,
    onDispatched: (shipment) => deliveries.track(shipment),
  });
  const deliveries = createDeliveries({
    callbackUrl: config.CARRIER_CALLBACK_URL,
    secret: config.CARRIER_WEBHOOK_SECRET,
    delayMs: config.DELIVERY_DELAY_MS,
    log,
    deliver: shipments.deliver,
    markReported: shipments.markReported,
  });

  const routes = async (server: HttpServer): Promise<void> => {
    const respond = createResponder(server, config.STALL_MS);
    await registerWithKey(server, config.PAYMENT_API_KEY, (scope) =>
      paymentRoutes(scope, { ledger, faults, respond }),
    );
    await registerWithKey(server, config.CARRIER_API_KEY, (scope) =>
      carrierRoutes(scope, { shipments, faults, respond }),
    );
    await registerWithKey(server, config.SIMULATOR_ADMIN_KEY, (scope) =>
      simulatorRoutes(scope, { faults, ledger, shipments }),
    );
  };

  const state: LifecycleStage = {
    name: 'state',
    start: () => () => {
      ledger.close();
      shipments.close();
    },
  };
  const deliveriesStage: LifecycleStage = {
    name: 'deliveries',
    start: () => {
      for (const shipment of shipments.list()) {
        if (isPending(shipment, config.CARRIER_CALLBACK_URL !== undefined)) deliveries.track(shipment);
      }
      return () => deliveries.stop();
    },
  };
  return [
    state,
    deliveriesStage,
    listen(await createHttpServer({ log, health, api, routes: [routes] }), health, config),
  ];
};

const registerWithKey = async (
  server: HttpServer,
  key: string | undefined,
  addRoutes: (scope: HttpServer) => void,
) => {
  await server.register((scope, _options, done) => {
    scope.addHook('onRequest', requireKey(key));
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, problems };
      route.schema = { response: { 200: successBody, 201: successBody }, ...route.schema };
    });
    addRoutes(scope);
    done();
  });
};

/** The errors of every route. */
const problems = {
  401: 'The API key is not valid',
  402: 'The payment was declined',
  404: 'No such authorisation, capture or shipment',
  409: 'In conflict with the current state; `code` has the reason',
  422: 'Impossible; `code` has the reason',
};

/** Whether the shipment still has to be delivered or reported. */
const isPending = ({ status, reportedAt }: Shipment, isReporting: boolean): boolean =>
  status !== 'delivered' || (isReporting && reportedAt === undefined);
