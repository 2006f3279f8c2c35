import { createService, type LifecycleStage, type Log } from '@emporium/service';
import type { Config } from './config.ts';
import { onUserRegistration } from './handlers/user-registrations.ts';
import { migrations } from './migrations/index.ts';
import type { Tables } from './store/tables.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('bridge', config, log, () => ({
    description: 'Translates between the contracts of the shop and the formats of other systems.',
    migrations,
    subscriptions: {
      'bridge.user-registrations': [onUserRegistration],
    },
    retention: [{ table: 'foreign_message', column: 'received_at', keepMs: 30 * day }],
  }));
