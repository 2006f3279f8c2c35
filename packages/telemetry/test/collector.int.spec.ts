import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { trace } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createScopes,
  newTraceparent,
  scrape,
  startSpan,
  startTracing,
  type Tracing,
  traceparentOf,
} from '../src/index.ts';

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

const scopes = createScopes<{ readonly traceparent: string; readonly id: string }>();

describe.each(['own', 'sdk'] as const)('spans made by %s', (kind) => {
  let server: Server | undefined;
  let tracing: Tracing | undefined;
  const bodies: string[] = [];
  const lines: string[] = [];

  /** Begins to record, for a collector that responds like this. */
  const start = async (respond: Respond, ratio = 1): Promise<string> => {
    bodies.length = 0;
    lines.length = 0;
    const started = createServer(async (request, response) => {
      bodies.push((await buffer(request)).toString('latin1'));
      respond(request, response);
    });
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    server = started;
    const url = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = url;
    process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '300';
    tracing = await startTracing({
      resource: { 'service.name': 'test' },
      exporter: kind === 'own' ? { kind, url: `${url}/v1/traces` } : { kind },
      sampler: { ratio, isParentBased: true },
      log: {
        info: (_fields, text) => void lines.push(text),
        warn: (_fields, text) => void lines.push(text),
      },
      timing: { delayMs: 10, timeoutMs: 500, pauseMs: 50 },
    });
    return url;
  };

  afterEach(async () => {
    await tracing?.close(1_000);
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
    delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT'];
  });

  const answering =
    (status: number): Respond =>
    (_request, response) =>
      void response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('{}');

  const droppedFor = async (reason: string): Promise<number> => {
    const { text } = await scrape();
    const found = new RegExp(`^emporium_spans_dropped_total\\{emporium_reason="${reason}"\\} (\\d+)`, 'm');
    return Number(found.exec(text)?.[1] ?? 0);
  };

  test('reach the collector, with scrubbed texts', async () => {
    await start(answering(200));
    const span = startSpan('work one', { attributes: { to: 'ada@example.com', n: 1 } });
    span.addEvent('said', { text: 'to ada@example.com' });
    span.end();
    await tracing?.close(2_000);
    expect(bodies.join()).toContain('work one');
    expect(bodies.join()).toContain('[redacted]');
    expect(bodies.join()).not.toContain('ada@');
    expect(lines).toEqual([]);
  });

  test('the first span of a new trace has no parent, also where it is made with the API of OpenTelemetry', async () => {
    await start((_request, response) => void response.writeHead(200).end('{}'));
    const traceparent = newTraceparent();
    const first = startSpan('first', { parent: traceparent });
    const other = scopes.run({ traceparent, id: 'other' }, () => trace.getTracer('test').startSpan('other'));
    const next = startSpan('next', { parent: traceparentOf(first) });
    for (const span of [first, other, next]) {
      expect(span.spanContext().traceId).toBe(traceparent.slice(3, 35));
      span.end();
    }
    await tracing?.close(2_000);
    const beginning = traceparent.slice(36, 52);
    const idsAsBytes = Buffer.from(beginning, 'hex').toString('latin1');
    const parents = bodies
      .join()
      .split(kind === 'own' ? `"parentSpanId":"${beginning}"` : `\x22\x08${idsAsBytes}`);
    expect(parents).toHaveLength(1);
    expect(bodies.join()).toContain(kind === 'own' ? '"parentSpanId":"' : '\x22\x08');
  });

  test.each([
    ['refused', 400],
    ['overloaded', 429],
    ['overloaded', 500],
    ['refused', 302],
  ] as const)('that are %s with %i are dropped and counted, and one line says so', async (reason, status) => {
    await start(answering(status));
    const before = await droppedFor(reason);
    for (let each = 0; each < 10; each += 1) startSpan(`work ${each}`).end();
    await expect.poll(() => droppedFor(reason)).toBe(before + 10);
    startSpan('work').end();
    await expect.poll(() => droppedFor(reason)).toBe(before + 11);
    expect(lines).toEqual(['spans are dropped: they cannot be exported']);
  });

  test('are dropped when the collector never answers', async () => {
    await start(() => undefined);
    const before = (await droppedFor('timeout')) + (await droppedFor('unreachable'));
    startSpan('work').end();
    await expect
      .poll(async () => (await droppedFor('timeout')) + (await droppedFor('unreachable')))
      .toBe(before + 1);
  });

  test('are dropped when the collector closes the connection, or is away', async () => {
    await start((request) => void request.socket.destroy());
    const before = (await droppedFor('unreachable')) + (await droppedFor('timeout'));
    const counted = async () => (await droppedFor('unreachable')) + (await droppedFor('timeout')) - before;
    startSpan('work').end();
    await expect.poll(counted).toBe(1);
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    startSpan('work').end();
    await expect.poll(counted).toBe(2);
  });

  test('do not hold up the end of a process', async () => {
    await start(() => undefined);
    for (let each = 0; each < 3_000; each += 1) startSpan('work').end();
    const began = performance.now();
    await tracing?.close(200);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('are 10,000 in one trace: what the queue has no room for is counted', async () => {
    await start(answering(200));
    const before = await droppedFor('queue_full');
    const root = startSpan('root');
    for (let each = 0; each < 10_000; each += 1) startSpan('child', { parent: traceparentOf(root) }).end();
    root.end();
    await tracing?.close(5_000);
    const exported = countOf('child') + countOf('root');
    expect(exported).toBeGreaterThan(2_000);
    expect((await droppedFor('queue_full')) - before + exported).toBe(10_001);
  });

  const countOf = (name: string): number => bodies.join().split(name).length - 1;

  test('of a trace that is not sampled are not made, and the flag is passed on', async () => {
    await start(answering(200), 0);
    const span = startSpan('work');
    expect(span.isRecording()).toBe(false);
    expect(traceparentOf(span)).toMatch(/-00$/);
    expect(startSpan('work', { isRecorded: true }).isRecording()).toBe(true);
    expect(startSpan('work', { parent: traceparentOf(span).replace(/00$/, '01') }).isRecording()).toBe(true);
  });

  test("nest with those of OpenTelemetry's API, in both directions", async () => {
    await start(answering(200));
    const tracer = trace.getTracer('theirs');
    const ours = startSpan('ours');
    const passed = { id: 'message', traceparent: traceparentOf(ours) };
    scopes.run(passed, () =>
      tracer.startActiveSpan('theirs', { attributes: { a: 1 } }, (theirs) => {
        const current = scopes.current();
        expect(theirs.spanContext().traceId).toBe(ours.spanContext().traceId);
        expect(parentOf(theirs)).toBe(ours.spanContext().spanId);
        expect(current).toEqual({ id: 'message', traceparent: traceparentOf(theirs) });
        expect(trace.getActiveSpan()?.spanContext().spanId).toBe(theirs.spanContext().spanId);
        const inner = startSpan('inner', { parent: current?.traceparent });
        expect(parentOf(inner)).toBe(theirs.spanContext().spanId);
        inner.end();
        theirs.end();
      }),
    );
    expect(scopes.current()).toBeUndefined();
    const alone = tracer.startSpan('alone');
    expect(parentOf(alone)).toBeUndefined();
    for (const span of [alone, ours]) span.end();
    await tracing?.close(2_000);
    expect(bodies.join()).toContain('theirs');
  });
});

/** The recorder and the SDK keep it under different names. */
const parentOf = (span: object): unknown => {
  if ('parentSpanContext' in span)
    return (span.parentSpanContext as { readonly spanId: string } | undefined)?.spanId;
  return 'parentSpanId' in span ? span.parentSpanId : undefined;
};
