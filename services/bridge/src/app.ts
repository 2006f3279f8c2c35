import { createService, type LifecycleStage, type Log } from '@emporium/service';
import type { Config } from './config.ts';
import { onUserRegistration } from './handlers/user-registrations.ts';
import { onWebhookEvents } from './handlers/webhooks.ts';
import { migrations } from './migrations/index.ts';
import type { Tables } from './store/tables.ts';
import { createWebhooks } from './webhooks/webhooks.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('bridge', config, log, (context) => {
    const webhooks = createWebhooks({
      ...context,
      allowPrivate: config.WEBHOOKS_ALLOW_PRIVATE,
      disableAfterDays: config.WEBHOOKS_DISABLE_AFTER_DAYS,
    });
    return {
      description: 'Translates between the contracts of the shop and the formats of other systems.',
      migrations,
      routes: webhooks.routes,
      subscriptions: {
        'bridge.user-registrations': [onUserRegistration],
        'bridge.webhooks': onWebhookEvents,
      },
      background: webhooks.background,
      retention: [
        { table: 'foreign_message', column: 'received_at', keepMs: 30 * day },
        ...webhooks.retention,
      ],
    };
  });
