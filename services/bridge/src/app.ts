import { createService, type LifecycleStage, type Log } from '@emporium/service';
import type { Config } from './config.ts';
import { onWelcomeMailFailed, onWelcomeMailSent } from './handlers/mail-results.ts';
import { onUserRegistration } from './handlers/user-registrations.ts';
import { registrationQueue } from './inbound/registration-queue.ts';
import { migrations } from './migrations/index.ts';
import type { Tables } from './store/tables.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = async (config: Config, log: Log): Promise<readonly LifecycleStage[]> => {
  const { BRIDGE_CELERY_URL: celeryUrl, BRIDGE_CELERY_QUEUE: queue } = config;
  // Imported on demand, as the drivers of brokers are: most shops have no such tasks.
  const openTasks =
    celeryUrl === undefined ? undefined : (await import('./inbound/celery-tasks.ts')).celeryTaskList;
  return createService<Tables>('bridge', config, log, (context) => {
    const { BUS_URL, BRIDGE_AMQP_URL = BUS_URL.startsWith('amqp') ? BUS_URL : undefined } = config;
    const celery = celeryUrl === undefined ? undefined : openTasks?.({ url: celeryUrl, queue }, context);
    const storeResult = celery?.storeResult ?? (async () => {}); // nobody waits for one
    return {
      description: 'Translates between the contracts of the shop and the formats of other systems.',
      migrations,
      subscriptions: {
        'bridge.user-registrations': [onUserRegistration],
        'bridge.mail-results': [onWelcomeMailSent(storeResult), onWelcomeMailFailed(storeResult)],
      },
      background: [
        ...(BRIDGE_AMQP_URL === undefined ? [] : [registrationQueue(BRIDGE_AMQP_URL, context)]),
        ...(celery === undefined ? [] : [celery.stage]),
      ],
      retention: [
        { table: 'foreign_message', column: 'received_at', keepMs: 30 * day },
        { table: 'celery_task', column: 'due_at', keepMs: 30 * day },
      ],
    };
  });
};
