import { setTimeout as sleep } from 'node:timers/promises';
import type { Money } from '@emporium/contracts';
import { createHttp, type Http, type HttpOptions } from './http.ts';
import { allMails } from './mails.ts';
import type {
  AdminRefundView,
  AuditView,
  Credentials,
  Customer,
  DeadLetterView,
  FailedTaskView,
  HistoryEntry,
  LedgerLine,
  LoyaltyView,
  OrderRequest,
  OrderSummary,
  OrderView,
  PaymentRow,
  Product,
  ProjectionView,
  RefundRequest,
  SagaDetailView,
  SagaView,
  SensorAlert,
  SensorWindow,
  ShipmentRow,
  StatusView,
  StockRow,
  SubscriptionView,
} from './views.ts';

const pageSize = 1_000;

const finalStatuses = new Set<OrderView['status']>(['completed', 'cancelled']);

/** An HTTP client of the whole shop, for customers, administrators and the outside world. */
export const createShopClient = (url: string, admin: Credentials, options: HttpOptions = {}) => {
  const http: Http = createHttp(url, options);
  let adminToken: Promise<string> | undefined;

  const login = async ({ email, password }: Credentials): Promise<string> => {
    const { token } = await http.call<{ token: string }>('POST', '/api/sessions', {
      body: { email, password },
    });
    return token;
  };

  const adminLogin = (): Promise<string> => {
    adminToken ??= login(admin);
    adminToken.catch(() => {
      adminToken = undefined;
    });
    return adminToken;
  };

  const asAdmin = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    return http.call<Body>(method, path, {
      token: await adminLogin(),
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

  /** Every item of a list that is read a page at a time, `before` the last one. */
  const allPages = async <Item>(
    readPage: (query: string) => Promise<readonly Item[]>,
    idOf: (item: Item) => string,
  ): Promise<Item[]> => {
    const all: Item[] = [];
    for (let query = `limit=${pageSize}`; ; ) {
      const page = await readPage(query);
      all.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return all;
      query = `limit=${pageSize}&before=${idOf(last)}`;
    }
  };

  const order = ({ token }: Customer, orderId: string): Promise<OrderView> =>
    http.call<OrderView>('GET', `/api/orders/${orderId}`, { token });

  return {
    url,
    http,
    login,
    adminLogin,
    asAdmin,
    register,
    setPassword: (token: string, password: string) =>
      http.request('POST', '/api/password-resets/complete', { body: { token, password } }),
    order,
    adminOrder: (orderId: string) => asAdmin<OrderView>('GET', `/api/orders/${orderId}`),
    place: ({ token }: Customer, body: OrderRequest, headers: Readonly<Record<string, string>> = {}) =>
      http.call<{ orderId: string; total: Money }>('POST', '/api/orders', { token, body, headers }),
    cancel: ({ token }: Customer, orderId: string) =>
      http.request<{ status: string }>('POST', `/api/orders/${orderId}/cancel`, { token }),
    /** Requests a refund as an administrator; resolves with any response. */
    refund: async (orderId: string, body: RefundRequest, headers: Readonly<Record<string, string>> = {}) =>
      http.request<{ refundId: string; amount: Money; errors?: readonly { field: string }[] }>(
        'POST',
        `/api/admin/orders/${orderId}/refunds`,
        { token: await adminLogin(), body, headers },
      ),
    refunds: async (orderId: string) =>
      (await asAdmin<{ refunds: readonly AdminRefundView[] }>('GET', `/api/admin/orders/${orderId}/refunds`))
        .refunds,
    resumeRefund: (orderId: string, refundId: string) =>
      asAdmin('POST', `/api/admin/orders/${orderId}/refunds/${refundId}/resume`),
    sagas: async (query: string) =>
      (await asAdmin<{ sagas: readonly SagaView[] }>('GET', `/api/admin/sagas?${query}`)).sagas,
    saga: (id: string) => asAdmin<SagaDetailView>('GET', `/api/admin/sagas/${id}`),
    /** Retries, compensates or resolves a saga as an administrator; resolves with any response. */
    repairSaga: async (id: string, action: 'retry' | 'compensate' | 'resolve', body: object) =>
      http.request<{ state?: string; detail?: string }>('POST', `/api/admin/sagas/${id}/${action}`, {
        token: await adminLogin(),
        body,
      }),
    history: ({ token }: Customer, orderId: string) =>
      http.call<{ events: readonly HistoryEntry[] }>('GET', `/api/orders/${orderId}/history`, { token }),
    /** The order as it was after its event of this version. */
    orderAt: ({ token }: Customer, orderId: string, version: number) =>
      http.call<OrderView>('GET', `/api/orders/${orderId}?version=${version}`, { token }),
    /** The newest orders of a customer. */
    ordersOf: async ({ token }: Customer) =>
      (await http.call<{ orders: readonly OrderSummary[] }>('GET', '/api/orders?limit=100', { token }))
        .orders,
    projection: async (name: string) => {
      const { projections } = await asAdmin<{ projections: readonly ProjectionView[] }>(
        'GET',
        '/api/admin/reports/projections',
      );
      const found = projections.find((each) => each.name === name);
      if (found === undefined) throw new Error(`there is no projection ${name}`);
      return found;
    },
    rebuildProjection: (name: string) => asAdmin('POST', `/api/admin/reports/projections/${name}/rebuild`),
    /** Waits until the order is final, or has the given status. */
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
    /** Lists a product, or restocks it to `quantity` available pieces. */
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
    /** The orders of all customers. */
    allOrders: () =>
      allPages(
        async (query) =>
          (await asAdmin<{ orders: OrderSummary[] }>('GET', `/api/admin/orders?${query}`)).orders,
        ({ orderId }) => orderId,
      ),
    /** The newest completed order of all customers. */
    lastCompletedOrder: async () =>
      (await asAdmin<{ orders: OrderSummary[] }>('GET', '/api/admin/orders?status=completed&limit=1'))
        .orders[0],
    /** All mails to an address, the newest first. */
    mails: (to: string) => allMails(http, { to }),
    /** All mails with this text in their subject, the newest first. */
    mailsAbout: (subject: string) => allMails(http, { subject }),
    /** All mails since then, the newest first; the last page may contain older ones. */
    mailsSince: (since: Date) => allMails(http, {}, since),
    failMail: (recipient: string, code: 451 | 550, times: number) =>
      http.call('PUT', '/api/mailbox/faults', { body: { recipient, code, times } }),
    deadLetters: async (query = 'status=open&limit=500') =>
      (await asAdmin<{ deadLetters: readonly DeadLetterView[] }>('GET', `/api/admin/dead-letters?${query}`))
        .deadLetters,
    subscription: (name: string) => asAdmin<SubscriptionView>('GET', `/api/admin/subscriptions/${name}`),
    /** Services follow soon after it. */
    pauseSubscription: (name: string, reason: string) =>
      asAdmin<SubscriptionView>('POST', `/api/admin/subscriptions/${name}/pause`, { reason }),
    resumeSubscription: (name: string, reason: string) =>
      asAdmin<SubscriptionView>('POST', `/api/admin/subscriptions/${name}/resume`, { reason }),
    /** How every service is, and which subscriptions the services have paused. */
    status: () => http.call<StatusView>('GET', '/status.json'),
    /** With texts of errors. */
    statusForAdministrators: () => asAdmin<StatusView>('GET', '/admin/status.json'),
    audit: async (target: string) =>
      (await asAdmin<{ entries: readonly AuditView[] }>('GET', `/api/admin/audit?target=${target}`)).entries,
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
    payments: () =>
      allPages(
        async (query) =>
          (await asAdmin<{ payments: PaymentRow[] }>('GET', `/api/admin/payments?${query}`)).payments,
        ({ orderId }) => orderId,
      ),
    loyalty: ({ token }: Customer) => http.call<LoyaltyView>('GET', '/api/loyalty/me', { token }),
    adminLoyalty: (customerId: string) => asAdmin<LoyaltyView>('GET', `/api/admin/loyalty/${customerId}`),
    /** Has a service publish its history to a subscription that may have been added later. */
    backfill: async (owner: string, subscription: string): Promise<void> => {
      await asAdmin('POST', `/api/admin/backfills/${owner}`, { subscription });
      for (;;) {
        const path = `/api/admin/backfills/${owner}/${subscription}`;
        if ((await asAdmin<{ state: string }>('GET', path)).state === 'finished') return;
        await sleep(100);
      }
    },
    sensorLocations: async (windows = 1) =>
      (
        await http.call<{
          locations: readonly { readonly location: string; readonly windows: readonly SensorWindow[] }[];
        }>('GET', `/api/sensors/locations?windows=${windows}`)
      ).locations,
    sensorAlerts: () =>
      allPages(
        async (query) =>
          (await http.call<{ alerts: SensorAlert[] }>('GET', `/api/sensors/alerts?${query}`)).alerts,
        ({ alertId }) => alertId,
      ),
    /** Lets the cooling of a warehouse fail. Returns the sensor that gets too hot. */
    overheat: async (location: string) =>
      (await http.call<{ sensorId: string }>('POST', '/sensor-simulator/anomalies', { body: { location } }))
        .sensorId,
    fault: (body: unknown) => http.call('PUT', '/simulator/faults', { body }),
    clearFaults: () => http.call('DELETE', '/simulator/faults'),
  };
};

export type ShopClient = ReturnType<typeof createShopClient>;
