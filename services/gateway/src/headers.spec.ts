import type { IncomingHttpHeaders } from 'node:http';
import type { HttpRequest } from '@emporium/service';
import { newContext } from '@emporium/service';
import { expect, test } from 'vitest';
import { requestHeaders, responseHeaders } from './headers.ts';

const context = newContext({
  correlationId: 'corr-1234',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'a=b',
});
const onward = (headers: IncomingHttpHeaders) =>
  requestHeaders({ headers, ip: '10.0.0.1', protocol: 'http' } as HttpRequest, context);

test('what a caller sends goes on', () => {
  const given = {
    authorization: 'Bearer x',
    'content-type': 'application/json',
    'idempotency-key': 'k',
    'carrier-signature': 's',
  };
  expect(onward(given)).toMatchObject(given);
});

test('a session becomes a token, and its cookie goes no further', () => {
  const headers = { cookie: 'other=1; emporium-session=abc', host: 'shop.example' };
  const onwardFrom = (url: string, more: IncomingHttpHeaders = {}, method = 'GET') =>
    requestHeaders(
      { method, url, headers: { ...headers, ...more }, ip: '10.0.0.1', protocol: 'http' } as HttpRequest,
      context,
    );
  expect(onwardFrom('/admin/tasks/')['authorization']).toBe('Bearer abc');
  expect(onwardFrom('/admin/tasks/', { authorization: 'Bearer x' })['authorization']).toBe('Bearer x');
  expect(onwardFrom('/api/orders')['authorization']).toBe('Bearer abc');
  const foreign = { origin: 'http://evil.example' };
  expect(onwardFrom('/api/sessions', foreign, 'DELETE')['authorization']).toBeUndefined();
  const own = { origin: 'http://shop.example' };
  expect(onwardFrom('/api/sessions', own, 'DELETE')['authorization']).toBe('Bearer abc');
  expect(onwardFrom('/admin/tasks/')['cookie']).toBeUndefined();
});

test('headers of the connection end here, with those that it lists', () => {
  const headers = {
    connection: 'close, X-Secret',
    'x-secret': '1',
    te: 'trailers',
    'transfer-encoding': 'chunked',
    upgrade: 'h2c',
    expect: '100-continue',
  };
  expect(Object.keys(onward(headers)).sort()).toEqual([
    'traceparent',
    'tracestate',
    'x-correlation-id',
    'x-forwarded-for',
    'x-forwarded-proto',
  ]);
});

test('what only the gateway may say is replaced', () => {
  const headers = {
    host: 'shop.example.com',
    forwarded: 'for=1.2.3.4',
    'x-forwarded-for': '1.2.3.4',
    'x-forwarded-proto': 'https',
    'x-real-ip': '1.2.3.4',
    'x-user-id': 'root',
    'x-user-role': 'administrator',
    'x-correlation-id': 'other',
    traceparent: 'other',
    'content-length': '3',
  };
  expect(onward(headers)).toEqual({
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.example.com',
    'x-correlation-id': 'corr-1234',
    traceparent: context.traceparent,
    tracestate: 'a=b',
  });
});

test('an answer keeps its headers, less those of the connection', () => {
  const answer = {
    'content-type': 'application/json',
    'retry-after': '1',
    'set-cookie': ['a', 'b'],
    connection: 'keep-alive',
    'keep-alive': 'timeout=5',
  };
  expect(responseHeaders(answer)).toEqual({
    'content-type': 'application/json',
    'retry-after': '1',
    'set-cookie': ['a', 'b'],
  });
});
