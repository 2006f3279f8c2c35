import type { Access } from '@emporium/service';

/** A path of the gateway, with everything below it. */
export interface Address {
  readonly path: string;
  readonly service: string;
  /** Checked before the request is forwarded; the service checks again, in more detail. */
  readonly access: Access;
  /** The service has streams of server-sent events below this path. */
  readonly streams?: true;
  /** The service is for development only: without its URL the gateway starts, and does not have this address. */
  readonly development?: true;
}

/** Which service answers which address: the longest path that matches. */
export const addresses: readonly Address[] = [
  { path: '/shop', service: 'web', access: 'public' },
  { path: '/console', service: 'web', access: 'public' },
  { path: '/assets', service: 'web', access: 'public' },
  { path: '/api/users', service: 'user-registration', access: 'public' },
  { path: '/api/users/me', service: 'user-registration', access: 'user' },
  { path: '/api/sessions', service: 'user-registration', access: 'public' },
  { path: '/api/password-resets', service: 'user-registration', access: 'public' },
  { path: '/api/orders', service: 'order', access: 'user', streams: true },
  { path: '/api/admin/orders', service: 'order', access: 'administrator' },
  { path: '/api/admin/refunds', service: 'order', access: 'administrator' },
  { path: '/api/admin/sagas', service: 'order', access: 'administrator' },
  { path: '/api/admin/reports', service: 'order', access: 'administrator' },
  { path: '/api/products', service: 'inventory', access: 'public' },
  { path: '/api/admin/backfills/order', service: 'order', access: 'administrator' },
  { path: '/api/admin/products', service: 'inventory', access: 'administrator' },
  { path: '/api/admin/stock', service: 'inventory', access: 'administrator' },
  { path: '/api/admin/payments', service: 'payment', access: 'administrator' },
  { path: '/api/admin/shipments', service: 'shipping', access: 'administrator' },
  { path: '/api/admin/dead-letters', service: 'operations', access: 'administrator' },
  { path: '/api/admin/tasks', service: 'email', access: 'administrator' },
  { path: '/admin/tasks', service: 'email', access: 'administrator' },
  { path: '/api/admin/messages', service: 'operations', access: 'administrator' },
  { path: '/api/admin/audit', service: 'operations', access: 'administrator' },
  { path: '/api/admin/trace', service: 'operations', access: 'administrator' },
  { path: '/api/admin/traces', service: 'operations', access: 'administrator' },
  { path: '/api/admin/service-graph', service: 'operations', access: 'administrator' },
  { path: '/api/admin/subscriptions', service: 'operations', access: 'administrator' },
  { path: '/api/admin/processes', service: 'operations', access: 'administrator' },
  { path: '/api/admin/queues', service: 'operations', access: 'administrator' },
  { path: '/api/webhooks/carrier', service: 'shipping', access: 'public' },
  { path: '/api/mails', service: 'mailbox', access: 'public', development: true },
  { path: '/api/mailbox', service: 'mailbox', access: 'public', development: true },
  { path: '/api/sensors', service: 'sensor-analytics', access: 'public', streams: true },
  { path: '/api/loyalty', service: 'loyalty', access: 'user' },
  { path: '/api/admin/loyalty', service: 'loyalty', access: 'administrator' },
  { path: '/sensor-simulator', service: 'sensor-simulator', access: 'public', development: true },
  { path: '/simulator', service: 'provider-simulator', access: 'public', development: true },
  { path: '/api/admin/webhooks', service: 'bridge', access: 'administrator' },
];

/** A process without addresses, which only the status page asks. */
export interface Worker {
  readonly name: string;
  /** The service whose tasks it runs. */
  readonly service: string;
}

export const workers: readonly Worker[] = [{ name: 'email-worker', service: 'email' }];
