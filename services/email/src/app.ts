import { createService, type Log, type Step } from '@emporium/service';
import type { Config } from './config.ts';
import { onOrderCancelled } from './handlers/order-cancelled.ts';
import { onOrderConfirmed } from './handlers/order-confirmed.ts';
import { onShipmentDelivered } from './handlers/shipment-delivered.ts';
import { onShipmentDispatched } from './handlers/shipment-dispatched.ts';
import { onTemperatureAlert } from './handlers/temperature-alert.ts';
import { rememberCustomer, welcomeCustomer } from './handlers/user-registered.ts';
import type { Post } from './mailing.ts';
import { migrations } from './migrations/index.ts';
import { createPostOffice, type Mailbox } from './smtp.ts';
import type { Tables } from './store/tables.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly Step[]> =>
  createService<Tables>('email', config, log, () => {
    const { SMTP_URL: url, MAIL_FROM: from, OPERATIONS_ADDRESS: operations } = config;
    const office = createPostOffice({ url, from });

    return {
      description: 'Turns events into mail.',
      migrations,
      subscriptions: subscriptions(
        { office, domain: from.address.slice(from.address.indexOf('@') + 1) },
        operations,
      ),
      background: [{ name: 'smtp', start: () => () => office.close() }],
      retention: [{ table: 'mail', column: 'sent_at', keepMs: 90 * day }],
    };
  });

/** Which messages become which mails. */
export const subscriptions = (post: Post, operations: Mailbox) => ({
  'email.customers': [rememberCustomer],
  'email.welcome': [welcomeCustomer(post)],
  'email.orders': [
    onOrderConfirmed(post),
    onOrderCancelled(post),
    onShipmentDispatched(post),
    onShipmentDelivered(post),
  ],
  'email.operations': [onTemperatureAlert(post, operations)],
});
