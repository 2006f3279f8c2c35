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
import { carrierRoutes } from './carrier/routes.ts';
import { createShipments } from './carrier/shipments.ts';
import type { Config } from './config.ts';
import { createFaults } from './faults.ts';
import { answerBody } from './outcome.ts';
import { createLedger } from './payment/ledger.ts';
import { paymentRoutes } from './payment/routes.ts';
import { simulatorRoutes } from './simulator-routes.ts';
import { createStage } from './stage.ts';

const api = {
  title: 'Provider simulator',
  description: 'Stands for the outside world: a payment provider and a carrier',
};

export const createApp = async (config: Config, log: Log): Promise<LifecycleStage[]> => {
  const health = createHealth();
  const faults = createFaults();
  const ledger = createLedger({ file: config.STATE_FILE, authorisationTtlMs: config.AUTHORISATION_TTL_MS });
  const shipments = createShipments({
    file: config.STATE_FILE,
    onDispatched: (shipment) => deliveries.follow(shipment),
  });
  const deliveries = createDeliveries({
    callbackUrl: config.CARRIER_CALLBACK_URL,
    secret: config.CARRIER_WEBHOOK_SECRET,
    delayMs: config.DELIVERY_DELAY_MS,
    log,
    deliver: shipments.deliver,
    reported: shipments.reported,
  });

  const routes = async (server: HttpServer): Promise<void> => {
    const play = createStage(server, config.STALL_MS);
    await behindKey(server, config.PAYMENT_API_KEY, (scope) =>
      paymentRoutes(scope, { ledger, faults, play }),
    );
    await behindKey(server, config.CARRIER_API_KEY, (scope) =>
      carrierRoutes(scope, { shipments, faults, play }),
    );
    await behindKey(server, config.SIMULATOR_ADMIN_KEY, (scope) =>
      simulatorRoutes(scope, { faults, ledger, shipments }),
    );
  };

  const books: LifecycleStage = {
    name: 'books',
    start: () => () => {
      ledger.close();
      shipments.close();
    },
  };
  const parcels: LifecycleStage = {
    name: 'parcels',
    start: () => {
      for (const shipment of shipments.list()) {
        if (isOpen(shipment, config.CARRIER_CALLBACK_URL !== undefined)) deliveries.follow(shipment);
      }
      return () => deliveries.stop();
    },
  };
  return [
    books,
    parcels,
    listen(await createHttpServer({ log, health, api, routes: [routes] }), health, config),
  ];
};

const behindKey = async (
  server: HttpServer,
  key: string | undefined,
  addRoutes: (scope: HttpServer) => void,
) => {
  await server.register((scope, _options, done) => {
    scope.addHook('onRequest', requireKey(key));
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, problems: refusals };
      route.schema = { response: { 200: answerBody, 201: answerBody }, ...route.schema };
    });
    addRoutes(scope);
    done();
  });
};

/** Its answers are data, made far from the routes: any route may give any of these. */
const refusals = {
  401: 'The API key is not valid',
  402: 'Declined',
  404: 'Unknown',
  409: 'In conflict with what happened before; `code` says how',
  422: 'Impossible; `code` says why',
};

const isOpen = (
  shipment: { status: string; reportedAt?: string | undefined },
  isReporting: boolean,
): boolean => shipment.status !== 'delivered' || (isReporting && shipment.reportedAt === undefined);
