import { createEventTail, createProjections } from '@emporium/event-store';
import { createSagaRunner } from '@emporium/saga';
import {
  createService,
  type LifecycleStage,
  type Log,
  type ServiceContext,
  type ServiceDefinition,
} from '@emporium/service';
import { adminRoutes } from './admin-routes.ts';
import { administeredSagas } from './administered-sagas.ts';
import { orderHistory } from './backfill.ts';
import { createBacklog } from './backlog.ts';
import type { Config, Settings } from './config.ts';
import type { OrderEvent } from './domain/order.ts';
import { followSaga } from './follow.ts';
import { followRefund } from './follow-refund.ts';
import { createFulfilment, type Fulfilment } from './fulfilment.ts';
import { onProductListed, onProductPriceChanged } from './handlers/product-prices.ts';
import { onShipmentDelivered } from './handlers/shipment-delivered.ts';
import { historyRoutes } from './history-routes.ts';
import { observeOrders } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { createOrderStreams } from './order-streams.ts';
import { refundRoutes } from './refund-routes.ts';
import { createRefundSaga, type RefundSubject } from './refund-saga.ts';
import { reportRoutes } from './report-routes.ts';
import { orderRoutes } from './routes.ts';
import { sagaRoutes } from './saga-routes.ts';
import { orderFormat } from './store/order-format.ts';
import type { OrderTables } from './store/tables.ts';
import { createWaitForVersion } from './views/at-least.ts';
import { projections } from './views/index.ts';

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<OrderTables>('order', config, log, defineOrders(config));

/** The definition of the service, independent of its database and broker. */
export const defineOrders =
  (config: Settings) =>
  ({
    store,
    health,
    log,
  }: Pick<ServiceContext<OrderTables>, 'store' | 'health' | 'log'>): ServiceDefinition<OrderTables> => {
    const deadlines = {
      stepMs: config.ORDER_STEP_DEADLINE_MS,
      attempts: config.ORDER_STEP_ATTEMPTS,
      retryDelayMs: config.ORDER_RETRY_DELAY_MS,
    };
    const definition = createFulfilment({
      ...deadlines,
      dispatchMs: config.ORDER_DISPATCH_DEADLINE_MS,
      sendsOlderVersion: config.ORDER_COMMAND_VERSION === '1',
    });
    const fulfilment = createSagaRunner<Fulfilment, OrderTables>(store, {
      definition,
      log,
      follow: followSaga,
    });
    const refunds = createSagaRunner<RefundSubject, OrderTables>(store, {
      definition: createRefundSaga(deadlines),
      log,
      follow: followRefund,
    });
    const backlog = createBacklog((max) => fulfilment.countOpen(max), config.ORDER_BACKLOG_LIMIT);
    const views = createProjections(store, projections, log);
    const waitForVersion = createWaitForVersion(views, config.ORDER_READ_WAIT_MS);
    for (const { name, check } of views.checks) health.add(name, check, { degrades: true });
    const tail = createEventTail<OrderEvent, OrderTables>(store, { format: orderFormat, log });
    const streams = createOrderStreams(tail);

    return {
      description:
        'Event-sourced orders, the saga that drives each of them through the other services, and the saga of each refund.',
      migrations,
      routes: [
        orderRoutes({ store, fulfilment, backlog, waitForVersion }),
        adminRoutes({ store, fulfilment, waitForVersion }),
        refundRoutes({ store, refunds }),
        sagaRoutes({ store, sagas: administeredSagas(fulfilment, refunds) }),
        historyRoutes({ store, streams }),
        reportRoutes({ store, views, waitForVersion }),
      ],
      subscriptions: {
        'order.replies': fulfilment.replies,
        'order.refund-replies': refunds.replies,
        'order.deliveries': [onShipmentDelivered],
        'order.prices': [onProductListed, onProductPriceChanged],
      },
      background: [
        ...views.stages,
        { name: 'order streams', start: () => tail.stop },
        { name: 'saga deadlines', start: () => fulfilment.startDeadlines(store).stop },
        { name: 'refund deadlines', start: () => refunds.startDeadlines(store).stop },
      ],
      observe: observeOrders,
      backfill: orderHistory,
    };
  };
