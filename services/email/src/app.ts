import { createService, type LifecycleStage, type Log } from '@emporium/service';
import { type AnyTask, createTasks, type Tasks } from '@emporium/tasks';
import { boardRoutes } from './board-routes.ts';
import type { Config } from './config.ts';
import { onOrderCancelled } from './handlers/order-cancelled.ts';
import { onOrderConfirmed } from './handlers/order-confirmed.ts';
import { onOrderRefunded } from './handlers/order-refunded.ts';
import { onPasswordChanged } from './handlers/password-changed.ts';
import { onSendPasswordLink } from './handlers/send-password-link.ts';
import { onSendWelcomeMail } from './handlers/send-welcome-mail.ts';
import { onShipmentDelivered } from './handlers/shipment-delivered.ts';
import { onShipmentDispatched } from './handlers/shipment-dispatched.ts';
import { onTemperatureAlert } from './handlers/temperature-alert.ts';
import { addRecipient, sendWelcome } from './handlers/user-registered.ts';
import { migrations } from './migrations/index.ts';
import type { Tables } from './store/tables.ts';
import { taskRoutes } from './task-routes.ts';
import { emailTasks } from './tasks/index.ts';

const dayMs = 24 * 60 * 60 * 1_000;

/** Consumes events and enqueues mails. The worker (`worker/app.ts`) sends them. */
export const createApp = async (config: Config, log: Log): Promise<readonly LifecycleStage[]> => {
  const tasks = await createTasks({ url: config.TASKS_URL, name: 'email', log });
  const queues = queuesOf(tasks);
  return createService<Tables>('email', config, log, ({ store }) => ({
    description: 'Turns events into mail.',
    migrations,
    routes: [taskRoutes({ queues }), boardRoutes({ queues: [...queues.values()], log })],
    subscriptions,
    background: [
      {
        name: 'tasks',
        start: () => {
          const relay = store.startTaskRelay(tasks);
          return async () => {
            await relay.stop();
            await tasks.close();
          };
        },
      },
    ],
    retention: [
      { table: 'mail', column: 'sent_at', keepMs: 90 * dayMs },
      { table: 'requested_mail', column: 'keep_until', keepMs: 0 },
    ],
  }));
};

const queuesOf = (tasks: Tasks) => new Map(emailTasks.map((each) => [each.name, tasks.queue<AnyTask>(each)]));

/** The handlers of each subscription. */
export const subscriptions = {
  'email.customers': [addRecipient],
  'email.welcome': [sendWelcome],
  'email.passwords': [onPasswordChanged],
  'email.orders': [
    onOrderConfirmed,
    onOrderCancelled,
    onOrderRefunded,
    onShipmentDispatched,
    onShipmentDelivered,
  ],
  'email.operations': [onTemperatureAlert],
  'email.commands': [onSendWelcomeMail, onSendPasswordLink],
};
