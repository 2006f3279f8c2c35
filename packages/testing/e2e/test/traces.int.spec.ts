import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMessage, newContext } from '@emporium/bus';
import { orderCompleted } from '@emporium/contracts';
import { type Shop, startShop } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Customer, createShopClient, eventually, type ShopClient } from '../src/index.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/collector.ts';
import { type OutsideServer, startRudeMailServer, startRudeProvider } from './support/outside.ts';
import { treeOf } from './support/trace-tree.ts';

/** What must be seen nowhere but where it belongs. */
const planted = {
  card: '4242424242424242',
  password: 'planted-password-91',
  token: 'planted-token-92',
  email: 'grace.planted@example.com',
  name: 'Grace Plantedname',
  address: '12 Plantedstreet',
};
const everything = Object.values(planted).join(' ');

/** In spans, lines and metrics; also parts of them, and as they look in a URL or in JSON. */
const secrets = [
  ...[planted.card, planted.password, planted.token, 'grace.planted', 'Plantedname', 'Plantedstreet'],
  ...['4242 4242', '4242-4242'],
];

interface MetricsTargets {
  readonly targets: readonly string[];
  readonly labels: { readonly service_name: string };
}

const sku = 'TRACED-1';

/** The requests of callers with this trace: the gateway begins another, and links to it. */
const requestsOf = (spans: readonly CollectedSpan[], callers: string): readonly CollectedSpan[] =>
  spans.filter(
    ({ service, links }) => service === 'gateway' && links.some(({ traceId }) => traceId === callers),
  );

/** The messages of a trace that were created and have no span yet that sent them; mails are tasks, which are not sent by the bus. */
const unsent = (spans: readonly CollectedSpan[], traceId: string | undefined): readonly string[] => {
  const tree = spans.filter((span) => span.traceId === traceId);
  return tree
    .filter(({ name }) => name.startsWith('create ') && !name.includes('email.'))
    .filter(
      ({ name, spanId }) =>
        !tree.some((span) => span.parentSpanId === spanId && span.name === name.replace('create', 'send')),
    )
    .map(({ name }) => name);
};

/** Also when the test is tried again. */
const unusedAddress = (name: string): string => `${name}.${uuid()}@example.com`;

const withoutVersion = (text: string): string => text.replace(/\.v\d+$/, '');

describe('the spans of a whole shop', () => {
  let collector: Collector;
  let provider: OutsideServer;
  let mailServer: OutsideServer;
  let shop: Shop;
  let client: ShopClient;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'emporium-traces-'));
    collector = await startCollector();
    provider = await startRudeProvider(planted.card, everything, () =>
      String(shop.processes.get('provider-simulator')?.address),
    );
    mailServer = await startRudeMailServer(planted.email, everything);
    const env = {
      '*': { LOG_LEVEL: 'debug', SPANS_URL: collector.url },
      'user-registration': { REGISTRATIONS_PER_MINUTE: '0' },
      order: { ORDER_STEP_DEADLINE_MS: '5000', ORDER_RETRY_DELAY_MS: '300' },
      payment: { PAYMENT_PROVIDER_URL: `http://127.0.0.1:${provider.port}` },
      'email-worker': { SMTP_URL: `smtp://127.0.0.1:${mailServer.port}` },
    };
    shop = await startShop({ dataDir, port: await freePort(), env });
    client = createShopClient(shop.url, shop.admin);
    await client.stock({ sku, name: 'Traced', price: { amount: 1_250, currency: 'EUR' } }, 1_000);
  }, 180_000);
  afterAll(async () => {
    await shop?.stop();
    await Promise.all([collector?.close(), provider?.close(), mailServer?.close()]);
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const place = async (
    { token }: Customer,
    {
      paymentToken = 'tok_ok',
      headers = {},
    }: { paymentToken?: string; headers?: Record<string, string> } = {},
  ): Promise<string> => {
    const body = { lines: [{ sku, quantity: 1 }], paymentToken };
    const { body: placed } = await eventually(
      'the order service knows the product',
      () => client.http.request<{ orderId?: string }>('POST', '/api/orders', { token, body, headers }),
      ({ status }) => status === 202,
    );
    return placed.orderId ?? '';
  };

  /** The spans once these conditions hold; they arrive a second later than they end. */
  const spansWhen = (what: string, isThere: (spans: readonly CollectedSpan[]) => boolean) =>
    eventually(what, async () => [...collector.spans()], isThere, 20_000);

  test('one order is one trace, from the request to its completion and its mail', async () => {
    const ada = await client.register('Ada', unusedAddress('ada'));
    await client.settled(ada, await place(ada)); // the order service knows the product
    const callers = '7'.repeat(32);
    const headers = { traceparent: `00-${callers}-${'8'.repeat(16)}-01` };
    const orderId = await place(ada, { headers });
    expect((await client.settled(ada, orderId)).status).toBe('completed');

    const begun = await spansWhen('the request', (spans) => requestsOf(spans, callers).length > 0);
    const traceId = requestsOf(begun, callers)[0]?.traceId;
    const inTrace = (span: CollectedSpan) => span.traceId === traceId;
    const all = await spansWhen(
      'the mail and the completion',
      (spans) =>
        spans.some((span) => inTrace(span) && span.name === 'process order.completed') &&
        spans.some((span) => inTrace(span) && span.name === 'send mail') &&
        treeOf(spans, traceId).orphans.length === 0 &&
        unsent(spans, traceId).length === 0,
    );
    const tree = treeOf(all, traceId);
    expect(tree.orphans.map(({ service, name }) => `${service}: ${name}`)).toEqual([]);

    const request = ['gateway: POST /api/orders', 'gateway: POST', 'order: POST /api/orders'];
    const step = (owner: string, command: string, reply: string) => [
      `order: create ${command}`,
      `${owner}: process ${command}`,
      `${owner}: create ${reply}`,
      `order: process ${reply}`,
    ];
    const named = (name: string) => tree.spans.filter((span) => withoutVersion(span.name) === name);
    const [completed] = named('process order.completed');
    const path = completed === undefined ? [] : tree.pathTo(completed);
    const unversioned = path.map(withoutVersion);
    expect(unversioned.slice(0, 3)).toEqual([expect.stringMatching(/^gateway: POST /), ...request.slice(1)]);
    expect(unversioned.slice(3, -2)).toEqual([
      ...step('inventory', 'inventory.reserve-stock', 'stock.reserved'),
      ...step('payment', 'payment.authorise', 'payment.authorised'),
      ...step('shipping', 'shipping.dispatch-order', 'shipment.dispatched'),
      ...step('inventory', 'inventory.commit-reservation', 'stock.committed'),
      ...step('payment', 'payment.capture', 'payment.captured'),
    ]);
    expect(unversioned.at(-2)).toBe('order: create order.completed');

    const mail = named('send mail')[0];
    expect(mail === undefined ? [] : tree.pathTo(mail).slice(-4)).toEqual([
      expect.stringMatching(/^email: process order\.confirmed|^email: process shipment\.dispatched/),
      'email: create email.send',
      'email-worker: process email.send',
      'email-worker: send mail',
    ]);
    const calls = tree.spans.filter(
      (span) => span.attributes['service.peer.name'] === 'the payment provider',
    );
    expect(calls.map(({ kind, attributes }) => [kind, attributes['http.response.status_code']])).toEqual([
      [3, '201'],
      [3, '201'],
    ]);
    expect(named('transaction order').length).toBeGreaterThan(0);
    expect(named('process payment.authorised')[0]?.attributes).toMatchObject({
      'emporium.settlement': 'ack',
      'emporium.attempt': '1',
      'emporium.saga.name': 'fulfilment',
      'emporium.saga.id': orderId,
    });
    expect(all.filter(({ attributes }) => /health|metrics/.test(String(attributes['http.route'])))).toEqual(
      [],
    );
  }, 60_000);

  test('messages that share a transaction are linked to it, each in its own trace', async () => {
    const ada = await client.register('Ada', unusedAddress('groups'));
    const ids = await Promise.all(Array.from({ length: 40 }, () => place(ada)));
    for (const id of ids) await client.settled(ada, id);
    const groups = (spans: readonly CollectedSpan[]) =>
      spans.filter(({ name, links }) => name.startsWith('transaction ') && links.length > 1);
    const linked = (spans: readonly CollectedSpan[]) => {
      const known = new Map(spans.map((span) => [span.spanId, span]));
      return groups(spans).flatMap(({ links }) => links.map(({ spanId }) => known.get(spanId)));
    };
    const all = await spansWhen(
      'groups',
      (spans) => groups(spans).length > 0 && linked(spans).every((span) => span !== undefined),
    );
    expect(groups(all).length).toBeGreaterThan(0);
    expect(new Set(linked(all).map((span) => span?.name.split(' ')[0]))).toEqual(
      new Set(['process', 'POST']),
    );
    for (const { parentSpanId, links, attributes } of groups(all)) {
      expect(parentSpanId).toBeUndefined();
      expect(attributes['db.operation.batch.size']).toBe(String(links.length));
    }
  }, 60_000);

  test('hostile trace headers are no problem: the request works, and baggage goes nowhere', async () => {
    const ada = await client.register('Ada', unusedAddress('headers'));
    const baggage = `secret=${'b'.repeat(10_000)}`;
    for (const traceparent of [
      '',
      'nonsense',
      `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
      'x'.repeat(2_000),
    ]) {
      const headers = { traceparent, tracestate: 'y'.repeat(2_000), baggage };
      const { status } = await client.http.request('GET', '/api/users/me', { token: ada.token, headers });
      expect([traceparent.slice(0, 10), status]).toEqual([traceparent.slice(0, 10), 200]);
    }
    const unsampled = 'a'.repeat(32);
    const headers = { traceparent: `00-${unsampled}-${'1'.repeat(16)}-00` };
    await client.settled(ada, await place(ada, { headers }));
    // Callers can neither keep their requests from being recorded nor choose the trace.
    const all = await spansWhen('the request', (spans) => requestsOf(spans, unsampled).length > 0);
    expect(all.filter(({ traceId }) => traceId === unsampled)).toEqual([]);
  }, 60_000);

  test('no span follows from one that does not exist, whether a request, a timer or a schedule began its trace', async () => {
    const given = new Set(['8'.repeat(16), '1'.repeat(16)]); // by the tests, as callers
    const orphans = (spans: readonly CollectedSpan[]) => {
      const known = new Set(spans.map(({ spanId }) => spanId));
      return spans.filter(({ parentSpanId: id }) => id !== undefined && !known.has(id) && !given.has(id));
    };
    const all = await spansWhen('the spans that others follow from', (spans) => orphans(spans).length === 0);
    const begun = all.filter(({ parentSpanId, links }) => parentSpanId === undefined && links.length === 0);
    expect(begun.some(({ kind }) => kind !== 2)).toBe(true);
  }, 60_000);

  describe('what nobody should see', () => {
    /** Of all processes, where Prometheus would read them: those of the gateway have a port of their own. */
    const metricsOf = async (): Promise<ReadonlyMap<string, string>> => {
      const groups = JSON.parse(
        await readFile(join(dataDir, 'prometheus-targets.json'), 'utf8'),
      ) as readonly MetricsTargets[];
      const read = async (service: string, target: string): Promise<[string, string]> => {
        const response = await fetch(`http://${target}/metrics`);
        expect(response.status, service).toBe(200);
        return [service, await response.text()];
      };
      const all = groups.flatMap(({ targets, labels }) =>
        targets.map((target) => read(labels.service_name, target)),
      );
      return new Map(await Promise.all(all));
    };
    const logs = async (): Promise<string[]> =>
      Promise.all((await readdir(shop.logDir)).map((name) => readFile(join(shop.logDir, name), 'utf8')));
    const found = (texts: readonly string[]): string[] =>
      texts.flatMap((text) =>
        text.split('\n').filter((line) => secrets.some((secret) => line.includes(secret))),
      );

    test('is in no span, no line of a log and no metric, wherever it comes in', async () => {
      const { email, name, password, card, token } = planted;
      const grace = await client.register(name, email, password);
      const orderId = await place(grace, { paymentToken: card });
      await client.settled(grace, orderId);
      await client.http.request('POST', '/api/sessions', { body: { email, password: `${password}x` } });
      await client.http.request('POST', '/api/users', { body: { email, name: everything, password, card } });
      await client.http.request('POST', '/api/orders', { token: grace.token, body: { lines: everything } });
      for (const value of [card, email, token, everything]) {
        const path = encodeURIComponent(value);
        const headers = {
          ...{ authorization: `Bearer ${token}`, cookie: `session=${token}`, 'user-agent': everything },
          ...{
            referer: `http://x/${path}`,
            'x-api-key': token,
            baggage: `b=${path}`,
            tracestate: `t=${token}`,
          },
          ...{ 'x-correlation-id': everything, 'idempotency-key': everything, traceparent: token },
        };
        for (const url of [`/api/orders/${path}`, `/api/products/${path}`, `/api/${path}`, `/${path}`])
          await client.http.request('GET', url, { headers });
        await client.http.request('GET', `/api/products?name=${path}&${path}=1`, { headers });
        await client.http.request('POST', `/api/admin/sagas/${path}/retry`, {
          token: await client.adminLogin(),
          body: { note: 'x' },
        });
      }
      await sendPoison();
      await eventually(
        'the refused mail',
        () => client.failedTasks('email.send'),
        (all) => all.length > 0,
      );
      await spansWhen('the failed mail', (spans) =>
        spans.some((span) => span.name === 'send mail' && span.hasFailed),
      );

      const spans = collector.spans();
      expect(spans.length).toBeGreaterThan(500);
      expect(found(spans.map(({ json }) => json))).toEqual([]);
      const metrics = await metricsOf();
      expect(metrics.size).toBeGreaterThan(10);
      expect(metrics.get('gateway')).toContain('http_route="/api/orders"');
      for (const [service, text] of metrics) expect(text, service).toContain('emporium_spans_exported_total');
      expect(found([...metrics.values()])).toEqual([]);
      const lines = await logs();
      expect(lines.join('').length).toBeGreaterThan(10_000);
      expect(found(lines).slice(0, 5)).toEqual([]);
    }, 120_000);

    /** Messages that become dead letters, and are replayed: one does not fit its contract, the other's user is not known. */
    const sendPoison = async (): Promise<void> => {
      const data = { orderId: uuid(), customerId: uuid(), total: { amount: 1, currency: 'EUR' as const } };
      const send = (body: unknown) =>
        client.asAdmin('POST', '/api/admin/messages', { subscription: 'loyalty.orders', body });
      const valid = JSON.parse(
        Buffer.from(createMessage('order', orderCompleted, data, newContext(), {}).body).toString(),
      ) as Record<string, unknown>;
      await send({ ...valid, data: { ...data, total: everything, customerId: everything } });
      const [deadLetter] = await eventually(
        'the dead letter',
        () => client.deadLetters(),
        (all) => all.length > 0,
      );
      await client.asAdmin('POST', `/api/admin/dead-letters/${deadLetter?.id}/replay`, {});
      const all = await spansWhen('the replay', (spans) =>
        spans.some(({ name }) => name.startsWith('replay ')),
      );
      expect(all.find((span) => span.name.startsWith('replay '))?.attributes).toMatchObject({
        'emporium.trigger': 'replay',
        'emporium.dead_letter.id': deadLetter?.id,
      });
    };
  });
});
