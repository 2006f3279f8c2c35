import { setTimeout as sleep } from 'node:timers/promises';
import type { Money } from '@emporium/contracts';
import { createHttp, type Http } from './http.ts';
import { allMails } from './mails.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface Customer extends Credentials {
  readonly userId: string;
  readonly name: string;
  readonly token: string;
}

export interface OrderView {
  readonly orderId: string;
  readonly status: 'placed' | 'confirmed' | 'completed' | 'cancelling' | 'cancelled' | 'needs-attention';
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly unitPrice: Money }[];
  readonly total: Money;
  readonly cancellation?: string;
  readonly reason?: string;
  readonly timeline: readonly { readonly at: string; readonly what: string; readonly detail?: string }[];
}

export interface OrderSummary {
  readonly orderId: string;
  readonly customerId: string;
  readonly status: OrderView['status'];
  readonly total: Money;
}

export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly price: Money;
  readonly available: number;
}

export interface StockRow {
  readonly sku: string;
  readonly received: number;
  readonly sold: number;
  readonly reserved: number;
  readonly available: number;
}

/** An authorisation as the payment provider's own ledger shows it; amounts in minor units. */
export interface LedgerLine {
  readonly id: string;
  /** The order. */
  readonly reference: string;
  readonly status: 'authorised' | 'declined' | 'captured' | 'voided' | 'expired';
  /** What a live authorisation keeps from the customer. */
  readonly held: number;
  readonly captured: number;
  readonly refunded: number;
}

/** What our payment service says of an order. */
export interface PaymentRow {
  readonly orderId: string;
  readonly status: string;
  readonly captured: number;
  readonly refunded: number;
}

export interface ShipmentRow {
  readonly id: string;
  readonly reference: string;
}

/** What the readings of a place add up to in one stretch of time. */
export interface SensorWindow {
  readonly start: string;
  readonly seconds: number;
  readonly readings: number;
  readonly temperature: { readonly min: number; readonly max: number; readonly mean: number };
}

export interface SensorAlert {
  readonly alertId: string;
  readonly sensorId: string;
  readonly location: string;
  readonly reason: 'too-hot' | 'sudden-jump';
  readonly temperature: number;
  readonly usual?: number;
  /** Of the reading, in ISO 8601. */
  readonly at: string;
}

export interface DeadLetterView {
  readonly id: string;
  readonly subscription: string;
  readonly messageId: string;
  readonly type: string;
  /** Of the message: the order, say. */
  readonly key: string;
  readonly status: 'open' | 'replayed' | 'discarded';
  readonly reason: { readonly code: string; readonly message: string };
  readonly attempts: number;
}

/** A task that was given up. */
export interface FailedTaskView {
  readonly id: string;
  /** As the task defines it. */
  readonly data: unknown;
  readonly reason: string;
  readonly attempts: number;
}

export interface OrderRequest {
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly paymentToken: string;
  /** At another total nothing is ordered, and the answer is 409. */
  readonly expectedTotal?: Money;
}

const finalStatuses = new Set<OrderView['status']>(['completed', 'cancelled']);

/** The shop as a customer, an administrator and the outside world see it: through HTTP alone. `options` as for `createHttp`. */
export const createShopClient = (
  url: string,
  admin: Credentials,
  options: { readonly patienceMs?: number } = {},
) => {
  const http: Http = createHttp(url, options);
  let adminToken: Promise<string> | undefined;

  const login = async ({ email, password }: Credentials): Promise<string> => {
    const { token } = await http.call<{ token: string }>('POST', '/api/sessions', {
      body: { email, password },
    });
    return token;
  };

  const asAdmin = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    adminToken ??= login(admin);
    adminToken.catch(() => {
      adminToken = undefined;
    });
    return http.call<Body>(method, path, {
      token: await adminToken,
      ...(body === undefined ? {} : { body }),
    });
  };

  const register = async (
    name: string,
    email: string,
    password = 'a long enough password',
  ): Promise<Customer> => {
    const { userId } = await http.call<{ userId: string }>('POST', '/api/users', {
      body: { email, name, password },
    });
    return { userId, name, email, password, token: await login({ email, password }) };
  };

  const order = ({ token }: Customer, orderId: string): Promise<OrderView> =>
    http.call<OrderView>('GET', `/api/orders/${orderId}`, { token });

  return {
    url,
    http,
    login,
    asAdmin,
    register,
    order,
    adminOrder: (orderId: string) => asAdmin<OrderView>('GET', `/api/orders/${orderId}`),
    place: ({ token }: Customer, body: OrderRequest, headers: Readonly<Record<string, string>> = {}) =>
      http.call<{ orderId: string; total: Money }>('POST', '/api/orders', { token, body, headers }),
    cancel: ({ token }: Customer, orderId: string) =>
      http.ask<{ status: string }>('POST', `/api/orders/${orderId}/cancel`, { token }),
    /** Waits until the order is final, or has this status. */
    settled: async (
      customer: Customer,
      orderId: string,
      options: { readonly status?: OrderView['status']; readonly timeoutMs?: number } = {},
    ): Promise<OrderView> => {
      const { status, timeoutMs = 60_000 } = options;
      const until = Date.now() + timeoutMs;
      for (;;) {
        const seen = await order(customer, orderId);
        if (status === undefined ? finalStatuses.has(seen.status) : seen.status === status) return seen;
        if (Date.now() > until) {
          throw new Error(
            `order ${orderId} is ${seen.status} after ${timeoutMs} ms: ${JSON.stringify(seen.timeline)}`,
          );
        }
        await sleep(50);
      }
    },
    products: async () =>
      (await http.call<{ products: readonly Product[] }>('GET', '/api/products?limit=100')).products,
    /** Lists a product, or tops its stock up to `quantity` available. */
    stock: async (product: Omit<Product, 'available'>, quantity: number): Promise<void> => {
      const known = (await asAdmin<{ stock: readonly StockRow[] }>('GET', '/api/admin/stock')).stock;
      const row = known.find(({ sku }) => sku === product.sku);
      if (row === undefined) await asAdmin('POST', '/api/admin/products', { ...product, quantity });
      else if (row.available < quantity) {
        await asAdmin('POST', `/api/admin/products/${product.sku}/restock`, {
          quantity: quantity - row.available,
        });
      }
    },
    stockRows: async () => (await asAdmin<{ stock: readonly StockRow[] }>('GET', '/api/admin/stock')).stock,
    /** Of every customer, a page at a time. */
    allOrders: async (): Promise<OrderSummary[]> => {
      const all: OrderSummary[] = [];
      for (let before = ''; ; before = all.at(-1)?.orderId ?? '') {
        const query = before === '' ? '' : `&before=${before}`;
        const { orders } = await asAdmin<{ orders: OrderSummary[] }>(
          'GET',
          `/api/admin/orders?limit=1000${query}`,
        );
        all.push(...orders);
        if (orders.length < 1_000) return all;
      }
    },
    /** The mails to an address, the newest first; all of them, a page at a time. */
    mails: (to: string) => allMails(http, { to }),
    /** The mails with this in their subject, the newest first; all of them, a page at a time. */
    mailsAbout: (subject: string) => allMails(http, { subject }),
    /** Of all mails, the newest first: pages until one is older than `since`. */
    mailsSince: (since: Date) => allMails(http, {}, since),
    failMail: (recipient: string, code: 451 | 550, times: number) =>
      http.call('PUT', '/api/mailbox/faults', { body: { recipient, code, times } }),
    deadLetters: async (query = 'status=open&limit=500') =>
      (await asAdmin<{ deadLetters: readonly DeadLetterView[] }>('GET', `/api/admin/dead-letters?${query}`))
        .deadLetters,
    failedTasks: async (name: string) =>
      (
        await asAdmin<{ failed: readonly FailedTaskView[] }>(
          'GET',
          `/api/admin/tasks/${name}/failed?limit=500`,
        )
      ).failed,
    retryTask: (name: string, id: string) => asAdmin('POST', `/api/admin/tasks/${name}/failed/${id}/retry`),
    ledger: async () =>
      (await http.call<{ authorisations: readonly LedgerLine[] }>('GET', '/simulator/ledger')).authorisations,
    shipments: async () =>
      (await http.call<{ shipments: readonly ShipmentRow[] }>('GET', '/simulator/shipments')).shipments,
    payments: async (): Promise<PaymentRow[]> => {
      const all: PaymentRow[] = [];
      for (let before = ''; ; before = all.at(-1)?.orderId ?? '') {
        const query = before === '' ? '' : `&before=${before}`;
        const { payments } = await asAdmin<{ payments: PaymentRow[] }>(
          'GET',
          `/api/admin/payments?limit=1000${query}`,
        );
        all.push(...payments);
        if (payments.length < 1_000) return all;
      }
    },
    sensorLocations: async (windows = 1) =>
      (
        await http.call<{
          locations: readonly { readonly location: string; readonly windows: readonly SensorWindow[] }[];
        }>('GET', `/api/sensors/locations?windows=${windows}`)
      ).locations,
    /** Every alert, a page at a time. */
    sensorAlerts: async (): Promise<SensorAlert[]> => {
      const all: SensorAlert[] = [];
      for (let before = ''; ; before = all.at(-1)?.alertId ?? '') {
        const query = before === '' ? '' : `&before=${before}`;
        const { alerts } = await http.call<{ alerts: SensorAlert[] }>(
          'GET',
          `/api/sensors/alerts?limit=1000${query}`,
        );
        all.push(...alerts);
        if (alerts.length < 1_000) return all;
      }
    },
    /** Lets the cooling of a warehouse fail; gives the sensor that notices. */
    overheat: async (location: string) =>
      (await http.call<{ sensorId: string }>('POST', '/sensor-simulator/anomalies', { body: { location } }))
        .sensorId,
    fault: (body: unknown) => http.call('PUT', '/simulator/faults', { body }),
    clearFaults: () => http.call('DELETE', '/simulator/faults'),
  };
};

export type ShopClient = ReturnType<typeof createShopClient>;

/** Asks until it is so. Throws with the last answer when it is not in time. */
export const eventually = async <Value>(
  what: string,
  ask: () => Promise<Value>,
  isSo: (value: Value) => boolean,
  timeoutMs = 30_000,
): Promise<Value> => {
  const until = Date.now() + timeoutMs;
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 1.3, 1_000)) {
    const value = await ask();
    if (isSo(value)) return value;
    if (Date.now() > until)
      throw new Error(`${what}: not so after ${timeoutMs} ms: ${JSON.stringify(value).slice(0, 500)}`);
    await sleep(delayMs);
  }
};
