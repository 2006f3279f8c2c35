import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { scrape } from '@emporium/telemetry';
import { type RecordedSpans, recordSpans } from '@emporium/telemetry/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHealth, createHttpServer, createLog, type HttpServer } from '../src/index.ts';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => undefined } });
const [traceId, spanId] = ['4'.repeat(32), '5'.repeat(16)];

let recorded: RecordedSpans;
let server: HttpServer;
let port: number;
let reached: PromiseWithResolvers<void>;

const start = async (isPublic: boolean): Promise<void> => {
  reached = Promise.withResolvers();
  server = await createHttpServer({
    ...{ log, isPublic, health: createHealth(), api: { title: 'Test', description: 'A server for tests' } },
    routes: [
      (app) => {
        app.get('/things', { schema: { hide: true } }, () => ({ ok: true }));
        app.get('/slow', { schema: { hide: true } }, () => {
          reached.resolve();
          return new Promise<never>(() => undefined);
        });
        app.get('/stream', { schema: { hide: true } }, (_, reply) => {
          const endless = new Readable({ read: () => undefined });
          endless.push('data: 1\n\n');
          return reply.type('text/event-stream').send(endless);
        });
      },
    ],
  });
  port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
};

beforeEach(() => {
  recorded = recordSpans();
});
afterEach(async () => {
  recorded.stop();
  await server.close();
});

const requests = async (route: string): Promise<string[]> => {
  const { text } = await scrape();
  return text
    .split('\n')
    .filter((line) => line.startsWith('http_server_request_duration_seconds_count') && line.includes(route));
};

describe('the trace of the caller', () => {
  const call = async (flags: string) => {
    const headers = { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: 'theirs=1' };
    await fetch(`http://127.0.0.1:${port}/things`, { headers });
  };

  test('is continued by a service', async () => {
    await start(false);
    await call('01');
    expect(recorded.find('GET /things')).toMatchObject({ parentSpanId: spanId, links: [] });
    expect(recorded.find('GET /things').spanContext().traceId).toBe(traceId);
    await call('00');
    expect(recorded.ended()).toHaveLength(1);
  });

  test('is linked to by a public server, whatever its flags say', async () => {
    await start(true);
    for (const flags of ['00', '01']) await call(flags);
    expect(recorded.ended()).toHaveLength(2);
    for (const span of recorded.ended()) {
      expect(span.spanContext().traceId).not.toBe(traceId);
      expect(span.parentSpanId).not.toBe(spanId);
      expect(span.links).toMatchObject([{ context: { traceId, spanId } }]);
    }
  });

  test.each(['', 'nonsense', `00-${'0'.repeat(32)}-${spanId}-01`])(
    '%j is not even linked to',
    async (traceparent) => {
      await start(true);
      await fetch(`http://127.0.0.1:${port}/things`, { headers: { traceparent } });
      expect(recorded.find('GET /things').links).toEqual([]);
    },
  );
});

describe('a caller who disconnects', () => {
  /** Sends a request, and disconnects once this has happened. */
  const disconnectAfter = async (path: string, happened: (socket: ReturnType<typeof connect>) => unknown) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await happened(socket);
    socket.destroy();
    await expect.poll(() => recorded.names(), { timeout: 10_000 }).toEqual([`GET ${path}`]);
  };

  test('before the response leaves a span and a sample with the status 499', async () => {
    await start(true);
    await disconnectAfter('/slow', () => reached.promise);
    const { attributes, status } = recorded.find('GET /slow');
    expect(attributes['http.response.status_code']).toBe(499);
    expect(status).toEqual({ code: 0 });
    expect(await requests('/slow')).toEqual([expect.stringMatching(/status_code="499".* 1$/)]);
  });

  test('from an event stream has ended it: it is no failure, and its duration is not measured', async () => {
    await start(true);
    await disconnectAfter('/stream', (socket) => once(socket, 'data'));
    expect(recorded.find('GET /stream').attributes['http.response.status_code']).toBe(200);
    expect(await requests('/stream')).toEqual([]);
  });
});
