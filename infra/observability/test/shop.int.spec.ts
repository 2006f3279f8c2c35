import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createShopClient, type ShopClient } from '@emporium/e2e';
import { type Shop, startShop } from '@emporium/launcher';
import { freePort, type OpensearchServer, opensearchMissing, startOpensearch } from '@emporium/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryFor } from '../src/logs/saved-searches.ts';
import { type BulkWriter, startBulkWriter } from './support/bulk-writer.ts';
import { type Collector, collectorMissing, startCollector } from './support/collector.ts';
import { type Jaeger, type JaegerTrace, jaegerMissing, startJaeger } from './support/jaeger.ts';
import { createStream, search } from './support/search-index.ts';

const missing = collectorMissing ?? jaegerMissing ?? (await opensearchMissing());
const title = 'the embedded shop with a collector, Jaeger and an index';

/** The services that an order goes through. */
const services = ['gateway', 'order', 'inventory', 'payment', 'shipping', 'email'];

describe.skipIf(missing)(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  let folder: string;
  let index: OpensearchServer;
  let writer: BulkWriter;
  let jaeger: Jaeger;
  let collector: Collector;
  let shop: Shop;
  let client: ShopClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emporium-observed-'));
    const dataDir = join(folder, 'shop');
    index = await startOpensearch();
    await createStream(index.url);
    writer = await startBulkWriter(index.url);
    jaeger = await startJaeger(folder);
    collector = await startCollector(folder, writer.url, {
      SHOP_LOGS: join(dataDir, 'logs/*.log'),
      CONTAINER_LOGS: join(folder, 'none/*.log'),
      ELASTICSEARCH_URL: index.url,
      JAEGER_ENDPOINT: jaeger.endpoint,
    });
    shop = await startShop({
      ...{ dataDir, port: await freePort() },
      env: { '*': { LOG_LEVEL: 'debug', OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl } },
    });
    client = createShopClient(shop.url, shop.admin);
    await client.stock({ sku: 'MUG-1', name: 'Mug', price: { amount: 1_250, currency: 'EUR' } }, 100);
  }, 180_000);

  afterAll(async () => {
    await shop?.stop();
    await collector?.kill();
    await jaeger?.stop();
    await writer?.close();
    await index?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** Places an order, which completes, and returns its correlation id. */
  const order = async (email: string) => {
    const customer = await client.register('Ada', email);
    for (;;) {
      const { status, body, headers } = await client.http.request<{ orderId: string }>(
        'POST',
        '/api/orders',
        {
          token: customer.token,
          body: { lines: [{ sku: 'MUG-1', quantity: 1 }], paymentToken: 'tok_ok' },
        },
      );
      if (status >= 400) continue; // the order service does not know the product yet
      await client.settled(customer, body.orderId);
      return headers.get('x-correlation-id') ?? '';
    }
  };

  const servicesOf = ({ spans, processes }: JaegerTrace): readonly (string | undefined)[] =>
    spans.map(({ processID }) => processes[processID]?.serviceName);

  /** Spans whose parent the trace does not have. */
  const orphansOf = ({ spans }: JaegerTrace): readonly string[] => {
    const known = new Set(spans.map(({ spanID }) => spanID));
    return spans
      .filter(({ references }) =>
        references.some((each) => each.refType === 'CHILD_OF' && !known.has(each.spanID)),
      )
      .map(({ operationName }) => operationName);
  };

  const expectComplete = async (correlationId: string) => {
    const query = queryFor('emporium-request', correlationId);
    await expect
      .poll(async () => (await search(index.url, query)).map((line) => line['service.name']), {
        timeout: 30_000,
      })
      .toEqual(expect.arrayContaining(services));
    const lines = await search(index.url, query);
    const traceId = String(lines.find((line) => line['service.name'] === 'order')?.['trace.id']);
    const traced = await search(index.url, queryFor('emporium-trace', traceId));
    expect(traced.length).toBeGreaterThan(10);
    await expect
      .poll(
        async () => servicesOf((await jaeger.trace(traceId)) ?? { traceID: '', spans: [], processes: {} }),
        {
          timeout: 30_000,
        },
      )
      .toEqual(expect.arrayContaining(services));
    await expect
      .poll(async () => orphansOf((await jaeger.trace(traceId)) as JaegerTrace), { timeout: 30_000 })
      .toEqual([]);
    const trace = (await jaeger.trace(traceId)) as JaegerTrace;
    // Each line belongs to a span of the trace, so that one opens the other.
    const known = new Set(trace.spans.map(({ spanID }) => spanID));
    expect(traced.filter((line) => !known.has(String(line['span.id'])))).toEqual([]);
  };

  test('an order is one trace in Jaeger with a complete tree, and its log lines are found by both ids', async () => {
    await expectComplete(await order('ada@example.com'));
  }, 120_000);

  test('also when the collector and the index were away for a moment', async () => {
    await index.kill();
    const placed = order('grace@example.com');
    await collector.kill();
    await collector.start();
    const correlationId = await placed;
    await index.startServer();
    await expectComplete(correlationId);
    expect(writer.refused).toEqual([]);
  }, 120_000);
});
