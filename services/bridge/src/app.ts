import { createService, type LifecycleStage, type Log } from '@emporium/service';
import { amqpUrlOf, type Config, warehouseUrlOf } from './config.ts';
import { onWelcomeMailFailed, onWelcomeMailSent } from './handlers/mail-results.ts';
import { onOrderConfirmed } from './handlers/order-confirmed.ts';
import { onUserRegistration } from './handlers/user-registrations.ts';
import { onWebhookEvents } from './handlers/webhooks.ts';
import { registrationQueue } from './inbound/registration-queue.ts';
import { migrations } from './migrations/index.ts';
import { sensorReadings } from './mqtt/stage.ts';
import type { Tables } from './store/tables.ts';
import { createWebhooks } from './webhooks/webhooks.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = async (config: Config, log: Log): Promise<readonly LifecycleStage[]> => {
  const { BRIDGE_CELERY_URL: celeryUrl, BRIDGE_CELERY_QUEUE: queue } = config;
  // Imported on demand, as the drivers of brokers are: most shops have no such tasks.
  const openTasks =
    celeryUrl === undefined ? undefined : (await import('./inbound/celery-tasks.ts')).celeryTaskList;
  const amqpUrl = amqpUrlOf(config);
  const warehouseUrl = warehouseUrlOf(config);
  const openWarehouse =
    warehouseUrl === undefined ? undefined : (await import('./warehouse/warehouse.ts')).openWarehouse;
  return createService<Tables>('bridge', config, log, (context) => {
    const celery = celeryUrl === undefined ? undefined : openTasks?.({ url: celeryUrl, queue }, context);
    const storeResult = celery?.storeResult ?? (async () => {}); // nobody waits for one
    const outbound = warehouseUrl === undefined ? undefined : openWarehouse?.(warehouseUrl, context);
    if (outbound === undefined)
      log.info('BRIDGE_WAREHOUSE_URL is not set: confirmed orders are not sent to a warehouse');
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
        'bridge.mail-results': [onWelcomeMailSent(storeResult), onWelcomeMailFailed(storeResult)],
        'bridge.warehouse': [onOrderConfirmed(outbound?.warehouse)],
        'bridge.webhooks': onWebhookEvents,
      },
      background: [
        ...(amqpUrl === undefined ? [] : [registrationQueue(amqpUrl, context)]),
        ...(celery === undefined ? [] : [celery.stage]),
        ...(outbound === undefined ? [] : [outbound.stage]),
        ...sensorReadings(config, context),
        ...webhooks.background,
      ],
      retention: [
        { table: 'foreign_message', column: 'received_at', keepMs: 30 * day },
        { table: 'celery_task', column: 'due_at', keepMs: 30 * day },
        ...webhooks.retention,
      ],
    };
  });
};
