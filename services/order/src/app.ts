import { createEventTail, startProjection } from '@emporium/event-store';
import { createSagaRunner } from '@emporium/saga';
import {
  createService,
  type LifecycleStage,
  type Log,
  type ServiceContext,
  type ServiceDefinition,
} from '@emporium/service';
import { adminRoutes } from './admin-routes.ts';
import { orderHistory } from './backfill.ts';
import { createBacklog } from './backlog.ts';
import type { Config, Settings } from './config.ts';
import type { OrderEvent } from './domain/order.ts';
import { followSaga } from './follow.ts';
import { createFulfilment, type Fulfilment } from './fulfilment.ts';
import { onProductListed, onProductPriceChanged } from './handlers/product-prices.ts';
import { onShipmentDelivered } from './handlers/shipment-delivered.ts';
import { historyRoutes } from './history-routes.ts';
import { migrations } from './migrations/index.ts';
import { createOrderStreams } from './order-streams.ts';
import { orderRoutes } from './routes.ts';
import { orderFormat } from './store/order-format.ts';
import type { OrderTables } from './store/tables.ts';
import { customerOrders } from './views/customer-orders.ts';

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<OrderTables>('order', config, log, defineOrders(config));

/** The definition of the service, independent of its database and broker. */
export const defineOrders =
  (config: Settings) =>
  ({ store, log }: Pick<ServiceContext<OrderTables>, 'store' | 'log'>): ServiceDefinition<OrderTables> => {
    const definition = createFulfilment({
      stepMs: config.ORDER_STEP_DEADLINE_MS,
      dispatchMs: config.ORDER_DISPATCH_DEADLINE_MS,
      attempts: config.ORDER_STEP_ATTEMPTS,
      retryDelayMs: config.ORDER_RETRY_DELAY_MS,
      sendsOlderVersion: config.ORDER_COMMAND_VERSION === '1',
    });
    const fulfilment = createSagaRunner<Fulfilment, OrderTables>(store, {
      definition,
      log,
      follow: followSaga,
    });
    const backlog = createBacklog((max) => fulfilment.countOpen(max), config.ORDER_BACKLOG_LIMIT);
    const tail = createEventTail<OrderEvent, OrderTables>(store, { format: orderFormat, log });
    const streams = createOrderStreams(tail);

    return {
      description: 'Event-sourced orders, and the saga that drives each of them through the other services.',
      migrations,
      routes: [
        orderRoutes({ store, fulfilment, backlog }),
        adminRoutes({ store, fulfilment }),
        historyRoutes({ store, streams }),
      ],
      subscriptions: {
        'order.replies': fulfilment.replies,
        'order.deliveries': [onShipmentDelivered],
        'order.prices': [onProductListed, onProductPriceChanged],
      },
      background: [
        { name: 'customer orders view', start: () => startProjection(store, customerOrders, log).stop },
        { name: 'order streams', start: () => tail.stop },
        { name: 'saga deadlines', start: () => fulfilment.startDeadlines(store).stop },
      ],
      backfill: orderHistory,
    };
  };
