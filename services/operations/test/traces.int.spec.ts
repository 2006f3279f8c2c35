import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { serverFor } from '@emporium/servers';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isTooSlow, readEdges } from '../src/store/spans/read-edges.ts';
import { createDeadLetter, envelope, type Operations, openOperations } from './support/operations.ts';
import { newTraceId, requestOf, spanOf, type TestSpan } from './support/spans.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('spans'), () => {
  let operations: Operations;
  let address: string;

  beforeAll(async () => {
    operations = await openOperations(postgres.url);
    address = await operations.server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => operations?.close());

  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${address}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  const send = async (services: Readonly<Record<string, readonly unknown[]>>) => {
    const response = await post(JSON.stringify(requestOf(services)));
    // biome-ignore lint/suspicious/noExplicitAny: tests read the responses of every route
    const answer: any = await response.json();
    await operations.spans.flushed();
    return { status: response.status, answer };
  };
  const get = (path: string, role?: 'customer' | 'nobody') =>
    operations.request('GET', path, undefined, role);
  const treeOf = async (correlationId: string) => (await get(`/api/admin/trace/${correlationId}`)).body;
  const lines = (tree: { spans: { depth: number; service: string; kind: string; name: string }[] }) =>
    tree.spans.map(({ depth, service, kind, name }) => `${'  '.repeat(depth)}${service} ${kind} ${name}`);

  /** Places an order, which the inventory handles in one transaction with that of another customer. */
  const order = (correlationId: string, other: TestSpan) => {
    const attributes = { 'emporium.correlation_id': correlationId };
    const post = spanOf('POST /api/orders', { kind: 'server', attributes, at: 0, ms: 9 });
    const created = spanOf('create inventory.reserve-stock', {
      ...{ kind: 'producer', parent: post, at: 4, ms: 3 },
      attributes: { ...attributes, 'messaging.message.id': 'm1' },
    });
    const sent = spanOf('send inventory.reserve-stock', {
      kind: 'client',
      parent: created,
      at: 8,
      attributes,
    });
    const handled = spanOf('process inventory.reserve-stock', {
      ...{ kind: 'consumer', parent: created, at: 12, ms: 20 },
      attributes: {
        ...attributes,
        'messaging.destination.subscription.name': 'inventory.commands',
        'emporium.settlement': 'ack',
      },
    });
    const transaction = spanOf('transaction inventory', {
      ...{ kind: 'client', at: 15, ms: 8, links: [handled, other] },
      attributes: { 'db.system.name': 'postgresql' },
    });
    return { order: [post, created, sent], inventory: [handled, transaction] };
  };

  test('the spans of a request are a tree across services, with the transaction that it shares with another request', async () => {
    const other = spanOf('process inventory.reserve-stock', { kind: 'consumer' });
    const { status, answer } = await send({ ...order('order-0001', other), outside: [other] });
    expect({ status, answer }).toEqual({ status: 200, answer: {} });

    const { traces, deadLetters } = await treeOf('order-0001');
    expect(traces).toHaveLength(1);
    expect(lines(traces[0])).toEqual([
      'order request POST /api/orders',
      '  order message created create inventory.reserve-stock',
      '    order message published send inventory.reserve-stock',
      '    inventory message handled process inventory.reserve-stock',
      '      inventory transaction transaction inventory',
    ]);
    expect(traces[0]).toMatchObject({ durationMs: 32, errors: 0, leftOut: 0 });
    const [request, created, , , shared] = traces[0].spans;
    expect(created).toMatchObject({ parent: request.spanId, offsetMs: 4, durationMs: 3, status: 'ok' });
    expect(created.attributes).toEqual({ 'messaging.message.id': 'm1' });
    expect(shared).toMatchObject({ sharedWith: 1 });
    expect(deadLetters).toEqual([]);
  });

  test('a trace is found by its id as well, and in the list of the newest', async () => {
    const root = spanOf('GET /api/reports', {
      parentSpanId: 'b7ad6b7169203331', // of the client
      ...{ kind: 'server', at: 59_000 },
      attributes: { 'emporium.correlation_id': 'report-0001' },
      status: { code: 2, message: 'it is away' },
    });
    const step = spanOf('deadline fulfilment', {
      parent: root,
      at: 59_100,
      attributes: { 'emporium.message.type': 'order.placed', 'emporium.message.key': 'o1' },
    });
    await send({ order: [root, step] });
    const { body } = await get(`/api/admin/traces/${root.traceId.toUpperCase()}`);
    expect(lines(body.traces[0])).toEqual([
      'order request GET /api/reports',
      '  order deadline deadline fulfilment',
    ]);
    expect(body.traces[0].spans[0]).toMatchObject({ status: 'error', error: 'it is away' });
    const newest = (await get('/api/admin/traces?limit=1')).body.traces;
    expect(newest).toMatchObject([
      ...[{ traceId: root.traceId, correlationId: 'report-0001', href: '/api/admin/trace/report-0001' }],
    ]);
    expect(newest[0]).toMatchObject({ spans: 2, errors: 1, durationMs: 101, orderId: 'o1' });
    const idsOf = async (only: string) =>
      (await get(`/api/admin/traces?limit=100&only=${only}`)).body.traces.map(
        (each: { traceId: string }) => each.traceId,
      );
    expect(await idsOf('errors')).toContain(root.traceId);
    expect(await idsOf('changes')).not.toContain(root.traceId);
    const change = spanOf('POST /api/reports', { kind: 'server', at: 50_000 });
    await send({ order: [change] });
    expect(await idsOf('errors')).not.toContain(change.traceId);
    expect(await idsOf('changes')).toContain(change.traceId);
    expect((await get('/api/admin/traces?only=nothing')).status).toBe(400);
  });

  test('the list of the newest has what a timer began, but not the polls that found nothing', async () => {
    const poll = spanOf('transaction order', { kind: 'client', at: 59_900 });
    const failedPoll = spanOf('transaction order', { kind: 'client', at: 59_800, status: { code: 2 } });
    const timer = spanOf('deadline fulfilment', { at: 59_700 });
    const created = spanOf('create order.cancelled', { parent: timer, at: 59_710 });
    await send({ order: [poll, failedPoll, timer, created] });
    const { traces } = (await get('/api/admin/traces?limit=2')).body;
    expect(traces.map(({ traceId }: { traceId: string }) => traceId)).toEqual([
      failedPoll.traceId,
      timer.traceId,
    ]);
  });

  test.each([
    ['JSON', JsonExporter, 'none'],
    ['protobuf', ProtobufExporter, 'gzip'],
  ] as const)(
    "what OpenTelemetry's exporter sends as %s is stored whole",
    async (name, Exporter, compression) => {
      vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', compression);
      const provider = new TracerProvider({
        resource: resourceFromAttributes({ 'service.name': `sdk-${name}` }),
        spanProcessors: [
          new BatchSpanProcessor({
            exporter: new Exporter({ url: `${address}/v1/traces` }),
          }),
        ],
      });
      const tracer = provider.getTracer('test');
      const correlationId = `sdk-${name}`;
      const linked = tracer.startSpan('another trace');
      const root = tracer.startSpan('GET /things', {
        kind: SpanKind.SERVER,
        links: [{ context: linked.spanContext() }],
        attributes: {
          'emporium.correlation_id': correlationId,
          ...{ 'a.text': 'ü ✓', 'a.number': -7, 'a.fraction': 0.5, 'a.flag': true, 'a.list': ['x', 'y'] },
        },
      });
      const child = tracer.startSpan('work', {}, trace.setSpan(context.active(), root));
      child.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke' });
      for (const span of [child, root, linked]) span.end();
      await provider.shutdown();
      await operations.spans.flushed();

      const { traces } = await treeOf(correlationId);
      expect(lines(traces[0])).toEqual([`sdk-${name} request GET /things`, `  sdk-${name} other work`]);
      const [first, second] = traces[0].spans;
      expect(first.attributes).toEqual({
        ...{ 'a.text': 'ü ✓', 'a.number': -7, 'a.fraction': 0.5, 'a.flag': true, 'a.list': ['x', 'y'] },
      });
      expect(second).toMatchObject({ status: 'error', error: 'it broke' });
      expect(Math.abs(Date.parse(first.start) - Date.now())).toBeLessThan(60_000);
    },
  );

  test('a malformed span is rejected alone, and the answer names its field', async () => {
    const good = spanOf('good', { attributes: { 'emporium.correlation_id': 'partial-01' } });
    const { status, answer } = await send({ a: [spanOf('bad', { spanId: 'xyz' }), good, 7] });
    expect(status).toBe(200);
    expect(answer.partialSuccess.rejectedSpans).toBe('2');
    expect(answer.partialSuccess.errorMessage).toBe(
      'resourceSpans[0].scopeSpans[0].spans[0].spanId must be 16 hexadecimal digits, not all of them 0, and others',
    );
    const { traces, kept } = await treeOf('partial-01');
    expect(lines(traces[0])).toEqual(['a other good']);
    expect(kept.refused).toBeGreaterThanOrEqual(2);
  });

  test.each([
    ['no JSON', '{', {}, 400, /body must be JSON/],
    ['no object', '[]', {}, 400, /body must be an object/],
    ['resourceSpans that is no array', '{"resourceSpans":{}}', {}, 400, /resourceSpans must be an array/],
    [
      'spans that are no array',
      '{"resourceSpans":[{"scopeSpans":[{"spans":"x"}]}]}',
      {},
      ...([400, /resourceSpans\[0\].scopeSpans\[0\].spans must be an array/] as const),
    ],
    ['another media type', 'x', { 'content-type': 'text/plain' }, 415, /content-type must be/],
    ['another compression', '{}', { 'content-encoding': 'br' }, 415, /content-encoding must be gzip/],
    ['no gzip', '{}', { 'content-encoding': 'gzip' }, 400, /body must be compressed with gzip/],
    [
      'what inflates to 20 MB',
      gzipSync(Buffer.alloc(20_000_000, ' ')),
      { 'content-encoding': 'gzip' },
      ...([413, /at most 8388608 bytes/] as const),
    ],
    ['5 MB', Buffer.alloc(5_000_000, ' '), {}, 413, /at most 4194304 bytes/],
  ])('%s is refused', async (_what, body, headers, status, message) => {
    const response = await post(typeof body === 'string' ? body : new Uint8Array(body), headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ message: expect.stringMatching(message) });
  });

  test.each([
    ['cut off', [0x0a, 0x7f, 0x01]],
    ['an illegal tag', [0x07]],
    ['a varint without an end', Array.from({ length: 20 }, () => 0xff)],
  ])('protobuf that is malformed (%s) is refused, in protobuf', async (_what, bytes) => {
    const response = await post(new Uint8Array(bytes), { 'content-type': 'application/x-protobuf' });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/x-protobuf');
    const status = Buffer.from(await response.arrayBuffer());
    expect([...status.subarray(0, 2)]).toEqual([0x08, 3]); // INVALID_ARGUMENT
    expect(status.toString()).toContain('body must be an ExportTraceServiceRequest in protobuf');
  });

  test('random bytes and cut requests are never an error of ours', async () => {
    const whole = Buffer.from(JSON.stringify(requestOf({ a: [spanOf('a', { attributes: { x: 1 } })] })));
    for (let length = 0; length < whole.length; length += 7) {
      const cut = new Uint8Array(whole.subarray(0, length));
      expect((await post(cut)).status).toBe(400);
      expect([200, 400]).toContain((await post(cut, { 'content-type': 'application/x-protobuf' })).status);
    }
  });

  test('its own requests are no log lines', async () => {
    await send({ a: [spanOf('quiet')] });
    expect(operations.lines.filter((line) => line.includes('/v1/traces'))).toEqual([]);
  });

  test('an unknown correlation id is a 404 that says how long spans are kept', async () => {
    for (const path of ['trace/nobody-knows-it', `traces/${newTraceId()}`]) {
      const { status, body } = await get(`/api/admin/${path}`);
      expect(status).toBe(404);
      expect(body.detail).toMatch(/spans are kept for an hour, and lost while operations is away/);
    }
    const { status, body } = await get('/api/admin/traces/xyz');
    expect({ status, detail: body.detail }).toEqual({
      ...{ status: 400, detail: 'params.traceId must be a trace id: 32 hexadecimal digits' },
    });
  });

  test.each(['trace/some-correlation', `traces/${newTraceId()}`, 'traces', 'service-graph'])(
    '%s is for administrators',
    async (path) => {
      expect((await get(`/api/admin/${path}`, 'nobody')).status).toBe(401);
      expect((await get(`/api/admin/${path}`, 'customer')).status).toBe(403);
    },
  );

  test('a dead letter leads to its trace, also where no span was recorded', async () => {
    const id = '01a22769-8cf4-70c7-bc53-216323db4c26';
    const body = { ...envelope(id), correlationid: 'dead-0001' };
    await operations.receive(createDeadLetter({ id, body: new TextEncoder().encode(JSON.stringify(body)) }));
    const { traces, deadLetters } = await treeOf('dead-0001');
    expect(traces).toEqual([]);
    expect(deadLetters).toMatchObject([{ messageId: id, subscription: 'email.welcome', status: 'open' }]);
    const { body: details } = await get(deadLetters[0].href);
    expect(details).toMatchObject({ correlationId: 'dead-0001', trace: '/api/admin/trace/dead-0001' });
  });

  test('10,000 spans of one trace are cut, and the answer says how many are left out', async () => {
    const attributes = { 'emporium.correlation_id': 'large-0001' };
    const root = spanOf('root', { attributes });
    const spans = [
      root,
      ...Array.from({ length: 9_999 }, (_, n) => spanOf(`s${n}`, { parent: root, at: 1 + n / 10 })),
    ];
    for (let n = 0; n < spans.length; n += 2_500) await send({ a: spans.slice(n, n + 2_500) });
    const began = performance.now();
    const { traces } = await treeOf('large-0001');
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(traces[0].spans).toHaveLength(2_000);
    expect(traces[0].leftOut).toBe(8_000);
    expect(traces[0].spans.at(-1).name).toBe('s1998');
  });

  test('a trace that is 1,900 spans deep is answered', async () => {
    const attributes = { 'emporium.correlation_id': 'deep-0001' };
    const spans = [spanOf('root', { attributes })];
    for (let n = 1; n < 1_900; n += 1) {
      const parent = spans.at(-1);
      spans.push(spanOf(`s${n}`, { ...(parent && { parent }), at: n }));
    }
    await send({ a: spans });
    const { traces } = await treeOf('deep-0001');
    expect(traces[0].spans.at(-1)).toMatchObject({ name: 's1899', depth: 1_899 });
  });

  test('the service graph has requests, messages and what is outside, with rates, errors and durations', async () => {
    const graph = await (async () => {
      const at = 55_000;
      const entry = spanOf('POST /api/payments', { kind: 'server', at });
      const call = spanOf('POST', {
        kind: 'client',
        parent: entry,
        at,
        ms: 40,
        attributes: { 'service.peer.name': 'graph-provider' },
      });
      const failing = spanOf('POST', {
        ...{
          kind: 'client',
          parent: entry,
          at,
          ms: 80,
          attributes: { 'service.peer.name': 'graph-provider' },
        },
        status: { code: 2 },
      });
      const created = spanOf('create a.b', { kind: 'producer', parent: entry, at });
      const handled = spanOf('process a.b', {
        ...{ kind: 'consumer', parent: created, at, ms: 10 },
        attributes: { 'messaging.destination.subscription.name': 'graph-b.commands' },
      });
      await send({ 'graph-a': [entry, call, failing, created], 'graph-b': [handled] });
      return (await get('/api/admin/service-graph?seconds=60')).body;
    })();
    const named = (edge: { from: string; to: string }) => /graph-/.test(`${edge.from} ${edge.to}`);
    expect(graph.edges.filter(named)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ from: 'clients', to: 'graph-a', kind: 'request', count: 1 }),
        expect.objectContaining({
          from: 'graph-a',
          to: 'graph-provider',
          count: 2,
          errors: 1,
          p50Ms: 40,
          p95Ms: 80,
        }),
        expect.objectContaining({
          from: 'graph-a',
          to: 'graph-b',
          kind: 'message',
          via: 'graph-b.commands',
          p50Ms: 10,
        }),
      ]),
    );
    expect(graph.nodes).toEqual(
      expect.arrayContaining([
        { name: 'graph-a', kind: 'service', spans: 4, errors: 1 },
        { name: 'graph-provider', kind: 'outside', spans: 0, errors: 0 },
      ]),
    );
    for (const seconds of ['9', '3601', 'x']) {
      const { status, body } = await get(`/api/admin/service-graph?seconds=${seconds}`);
      expect(status).toBe(400);
      expect(body.detail).toMatch(/query.seconds/);
    }
  });

  /** Nobody can read spans until the work is done. */
  const whileSpansAreLocked = (work: () => Promise<void>) =>
    operations.store.db.transaction().execute(async (tx) => {
      await sql`lock table span in access exclusive mode`.execute(tx);
      await work();
    });

  test('readers of the service graph who come while it is counted share the result', async () => {
    const path = '/api/admin/service-graph?seconds=61';
    const answers: ReturnType<typeof get>[] = [];
    await whileSpansAreLocked(async () => {
      answers.push(get(path));
      await sleep(100);
      answers.push(get(path), get('/api/admin/service-graph?seconds=62'));
      await sleep(100);
    });
    const [first, second, other] = await Promise.all(answers);
    expect(first).toMatchObject({ status: 200 });
    expect(second?.body).toEqual(first?.body);
    expect(other?.body.to).not.toBe(first?.body.to);
    expect((await get(path)).body.to).not.toBe(first?.body.to);
  });

  test('a service graph that takes the database too long is given up', async () => {
    const window = { from: new Date(Date.now() - 60_000), to: new Date() };
    await whileSpansAreLocked(async () => {
      const error: unknown = await readEdges(operations.store.db, window, 100).catch((thrown) => thrown);
      expect(isTooSlow(error)).toBe(true);
    });
  });

  test('while it cannot be counted in time the answer is a 503', async () => {
    const began = performance.now();
    await whileSpansAreLocked(async () => {
      const { status, body } = await get('/api/admin/service-graph');
      expect({ status, code: body.type }).toEqual({ status: 503, code: expect.stringContaining('too-slow') });
    });
    expect(performance.now() - began).toBeLessThan(9_000);
  }, 15_000);

  test('the messages that were handled last are listed by subscription, by id and since a time', async () => {
    const attributes = {
      'emporium.correlation_id': 'handled-1',
      'messaging.destination.subscription.name': 'handled.commands',
      'messaging.message.id': 'handled-message',
      'emporium.message.type': 'handled.command',
      'emporium.settlement': 'ack',
      'emporium.attempt': 1,
    };
    const first = spanOf('process handled.command', { kind: 'consumer', at: 100, ms: 5, attributes });
    const again = { ...attributes, 'emporium.settlement': 'retry', 'messaging.message.id': 'another' };
    const second = spanOf('process handled.command', { kind: 'consumer', at: 300, attributes: again });
    const task = spanOf('process email.send', { kind: 'consumer', at: 400 });
    await send({ handled: [first, second, task] });

    const found = await get('/api/admin/messages?subscription=handled.commands');
    expect(found.body).toMatchObject({ messages: [{}, {}] });
    const { messages } = found.body;
    expect(messages.map(({ messageId }: { messageId: string }) => messageId)).toEqual([
      'another',
      'handled-message',
    ]);
    expect(messages[1]).toEqual({
      spanId: first.spanId,
      traceId: first.traceId,
      correlationId: 'handled-1',
      messageId: 'handled-message',
      type: 'handled.command',
      subscription: 'handled.commands',
      service: 'handled',
      at: expect.any(String),
      durationMs: 5,
      attempt: 1,
      outcome: 'ack',
      isError: false,
    });
    expect((await get('/api/admin/messages?messageId=handled-message')).body.messages).toHaveLength(1);
    const since = `/api/admin/messages?subscription=handled.commands&since=${messages[0].at}`;
    expect((await get(since)).body.messages).toHaveLength(1);
    expect((await get('/api/admin/messages?since=yesterday')).status).toBe(400);
    expect((await get('/api/admin/messages', 'customer')).status).toBe(403);
  });
});
