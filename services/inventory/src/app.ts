import { createService, type LifecycleStage, type Log } from '@emporium/service';
import { adminRoutes } from './admin-routes.ts';
import type { Config } from './config.ts';
import { onCommitReservation } from './handlers/commit-reservation.ts';
import { onReleaseStock } from './handlers/release-stock.ts';
import { onReserveStock } from './handlers/reserve-stock.ts';
import { onReturnStock } from './handlers/return-stock.ts';
import { observeStock } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { productRoutes } from './routes.ts';
import type { Tables } from './store/tables.ts';

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('inventory', config, log, ({ store }) => ({
    description: 'Products, their stock, and the reservations of orders.',
    migrations,
    routes: [productRoutes(store), adminRoutes(store)],
    subscriptions: {
      'inventory.commands': [onReserveStock, onReleaseStock, onCommitReservation, onReturnStock],
    },
    observe: observeStock,
  }));
