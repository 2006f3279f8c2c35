import { createService, type LifecycleStage, type Log } from '@emporium/service';
import { adminRoutes } from './admin-routes.ts';
import type { Config } from './config.ts';
import { onOrderCompleted } from './handlers/order-completed.ts';
import { onOrderRefunded } from './handlers/order-refunded.ts';
import { migrations } from './migrations/index.ts';
import { loyaltyRoutes } from './routes.ts';
import type { Tables } from './store/tables.ts';

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('loyalty', config, log, ({ store }) => ({
    description: 'Points for completed orders, taken back when they are refunded.',
    migrations,
    routes: [loyaltyRoutes(store), adminRoutes(store)],
    subscriptions: { 'loyalty.orders': [onOrderCompleted, onOrderRefunded] },
  }));
