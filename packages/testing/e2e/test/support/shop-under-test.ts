import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Shop, startShop } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import { type Customer, createShopClient, type OrderView, type ShopClient } from '../../src/index.ts';

/** The broker of the shop. */
export interface BrokerUnderTest {
  /** Undefined for the embedded broker. */
  readonly url: string | undefined;
  /** The broker of the sensor stream; the embedded one by default. */
  readonly streamUrl?: string;
  /** Stops it and starts it again. */
  restart?(): Promise<void>;
  stop(): Promise<void>;
}

export interface ShopUnderTest {
  readonly shop: Shop;
  readonly client: ShopClient;
  readonly broker: BrokerUnderTest;
  /** Registers a new customer. */
  customer(): Promise<Customer>;
  /** Places an order, and retries until the order service knows the product. */
  place(customer: Customer, order?: Partial<OrderOptions>): Promise<string>;
  /** Starts a service again that was killed. */
  revive(service: string, env?: Readonly<Record<string, string>>): Promise<void>;
  kill(service: string): Promise<void>;
  stop(): Promise<void>;
}

interface OrderOptions {
  readonly sku: string;
  readonly quantity: number;
  readonly paymentToken: string;
}

/** Short deadlines, so that a test can wait for them. */
const deadlines = {
  ORDER_STEP_DEADLINE_MS: '6000',
  ORDER_DISPATCH_DEADLINE_MS: '6000',
  ORDER_RETRY_DELAY_MS: '300',
};

export const sku = 'MUG-1';

export const startShopUnderTest = async (broker: BrokerUnderTest): Promise<ShopUnderTest> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'emporium-shop-'));
  const shop = await startShop({
    dataDir,
    port: await freePort(),
    restart: false, // a crash of a service must fail the test
    ...(broker.url === undefined ? {} : { busUrl: broker.url }),
    ...(broker.streamUrl === undefined ? {} : { streamUrl: broker.streamUrl }),
    env: {
      '*': { LOG_LEVEL: 'debug' },
      order: deadlines,
      'user-registration': { REGISTRATIONS_PER_MINUTE: '0' },
      payment: { PROVIDER_TIMEOUT_MS: '1000' },
      shipping: { CARRIER_TIMEOUT_MS: '1000' },
      'provider-simulator': { DELIVERY_DELAY_MS: '200' },
    },
  });
  const client = createShopClient(shop.url, shop.admin);
  await client.stock({ sku, name: 'Mug', price: { amount: 1_250, currency: 'EUR' } }, 10_000);
  let customers = 0;
  const process = (service: string) => {
    const found = shop.processes.get(service);
    if (found === undefined) throw new Error(`there is no service ${service}`);
    return found;
  };

  return {
    shop,
    client,
    broker,
    customer: () => {
      customers += 1;
      return client.register(`Customer ${customers}`, `customer.${customers}@example.com`);
    },
    place: async (customer, { sku: wanted = sku, quantity = 1, paymentToken = 'tok_ok' } = {}) => {
      const body = { lines: [{ sku: wanted, quantity }], paymentToken };
      for (const until = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
        const answer = await client.http.request<{ orderId: string }>('POST', '/api/orders', {
          token: customer.token,
          body,
        });
        if (answer.status === 202) return answer.body.orderId;
        const again = answer.status === 422 || answer.status >= 500;
        if (!again || Date.now() > until)
          throw new Error(`order refused with ${answer.status}: ${JSON.stringify(answer.body)}`);
      }
    },
    revive: (service, env = {}) => process(service).start({ env }),
    kill: (service) => process(service).kill(),
    stop: async () => {
      await shop.stop();
      await broker.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

export const happened = (order: OrderView): string[] => order.timeline.map(({ what }) => what);
