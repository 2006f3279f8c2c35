import { expect, test } from 'vitest';
import { readRequest } from './read-request.ts';

const now = Date.UTC(2026, 10, 29);
const nanoseconds = `${now}000000`;

const good = {
  ...{ traceId: 'A'.repeat(32), spanId: 'B'.repeat(16), parentSpanId: '', name: 'work', kind: 5 },
  ...{ startTimeUnixNano: nanoseconds, endTimeUnixNano: `${now}001999` },
};
const read = (...spans: unknown[]) => readRequest({ resourceSpans: [{ scopeSpans: [{ spans }] }] }, { now });
const attributesOf = (...attributes: unknown[]) => read({ ...good, attributes }).spans[0]?.attributes;

test('a span is read, with lower-case ids and microseconds', () => {
  expect(read(good)).toMatchObject({
    rejected: 0,
    spans: [
      {
        ...{
          traceId: 'a'.repeat(32),
          spanId: 'b'.repeat(16),
          parentId: undefined,
          service: 'unknown_service',
        },
        ...{ name: 'work', kind: 'consumer', start: now * 1_000, duration: 1, isError: false, links: [] },
      },
    ],
  });
});

test.each([
  ['traceId', 'a', /traceId must be 32 hexadecimal digits/],
  ['traceId', '0'.repeat(32), /traceId must be 32 hexadecimal digits, not all of them 0/],
  ['traceId', undefined, /traceId/],
  ['spanId', 7, /spanId must be 16/],
  ['parentSpanId', 'parent', /parentSpanId must be 16/],
  ['name', { a: 1 }, /name must be a text/],
  ['kind', 'SPAN_KIND_SERVER', /kind must be a number/],
  ['startTimeUnixNano', 'yesterday', /startTimeUnixNano must be nanoseconds/],
  ['startTimeUnixNano', '1', /startTimeUnixNano must be a time after the year 2000/],
  ['startTimeUnixNano', `${now * 2}000000`, /startTimeUnixNano must be a time .* before tomorrow/],
  ['startTimeUnixNano', -5, /startTimeUnixNano must be nanoseconds/],
  ['endTimeUnixNano', 1.5, /endTimeUnixNano must be nanoseconds/],
  ['attributes', {}, /attributes must be an array/],
  ['attributes', [{ value: {} }], /attributes\[0\].key must be a text/],
  ['attributes', [{ key: 'a', value: 'b' }], /attributes\[0\].value must be an object/],
  ['links', [{ traceId: 'a' }], /links\[0\].traceId/],
  ['status', 2, /status must be an object/],
  ['status', { code: 'STATUS_CODE_ERROR' }, /status.code must be a number/],
])('a span whose %s is %j is rejected', (field, value, message) => {
  const { spans, rejected, firstReason } = read({ ...good, [field]: value }, good);
  expect({ kept: spans.length, rejected }).toEqual({ kept: 1, rejected: 1 });
  expect(firstReason).toMatch(message);
  expect(firstReason).toMatch(/^resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]/);
});

test('an end before the start, a kind of a later version and a missing end are taken', () => {
  expect(read({ ...good, endTimeUnixNano: '5', kind: 99 }).spans[0]).toMatchObject({
    duration: 0,
    kind: 'internal',
  });
  expect(read({ ...good, endTimeUnixNano: undefined }).spans[0]?.duration).toBe(0);
});

test('values of every kind are read', () => {
  const keyed = (value: object) => ({ key: 'k', value });
  expect(attributesOf(keyed({ intValue: '42' }))).toEqual({ k: 42 });
  expect(attributesOf(keyed({ intValue: '9007199254740993' }))).toEqual({ k: '9007199254740993' });
  expect(attributesOf(keyed({ doubleValue: 'NaN' }))).toEqual({ k: 'NaN' });
  expect(attributesOf(keyed({ doubleValue: 0.25 }))).toEqual({ k: 0.25 });
  expect(attributesOf(keyed({ boolValue: false }))).toEqual({ k: false });
  expect(attributesOf(keyed({ arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } }))).toEqual({
    k: ['a', '1'],
  });
  expect(attributesOf(keyed({ kvlistValue: { values: [{ key: 'a', value: { intValue: '1' } }] } }))).toEqual({
    k: '{"a":1}',
  });
  expect(attributesOf(keyed({}), keyed({ laterValue: 1 }))).toEqual({});
});

test('texts are bounded, storable, and without addresses and tokens', () => {
  const text = (value: string) => attributesOf({ key: 'k', value: { stringValue: value } });
  expect(text('a\0b\ud800')).toEqual({ k: 'a\ufffdb\ufffd' });
  expect(text('mail to ada@example.com')).toEqual({ k: 'mail to [redacted]' });
  for (let kept = 1; kept < 15; kept += 1)
    expect(String(text(`${' '.repeat(1_024 - kept)}ada@example.com`)?.['k'])).not.toMatch(/ada|@/);
  expect(String(text('x'.repeat(5_000))?.['k']).length).toBeLessThanOrEqual(1_024);
  const many = Array.from({ length: 500 }, (_, n) => ({
    key: `k${n}`,
    value: { stringValue: 'x'.repeat(900) },
  }));
  expect(JSON.stringify(attributesOf(...many)).length).toBeLessThan(6_000);
});

test('a value that is nested deeply is cut', () => {
  let value: object = { stringValue: 'x' };
  for (let depth = 0; depth < 10_000; depth += 1) value = { arrayValue: { values: [value] } };
  expect(JSON.stringify(attributesOf({ key: 'k', value }))).toContain('[too deep]');
});

test('a key of an object that changes prototypes does nothing', () => {
  expect(attributesOf({ key: '__proto__', value: { stringValue: 'x' } })).toEqual({});
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('more spans than can be taken are refused as a whole, before any is read', () => {
  const began = performance.now();
  for (const body of [
    { resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: 200_000 }, () => ({})) }] }] },
    { resourceSpans: [{ scopeSpans: Array.from({ length: 200_000 }, () => ({})) }] },
    { resourceSpans: Array.from({ length: 200_000 }, () => ({})) },
  ])
    expect(() => readRequest(body, { now })).toThrow('body must have at most 10000 spans');
  expect(performance.now() - began).toBeLessThan(1_000);
});

test('as many spans as can be taken, all of them malformed, block for less than a second', () => {
  const bad = Array.from({ length: 9_000 }, () => ({}));
  const began = performance.now();
  expect(read(...bad).rejected).toBe(9_000);
  expect(performance.now() - began).toBeLessThan(1_000);
});

test('attributes beyond the limit cost nothing', () => {
  const many = Array.from({ length: 1_000_000 }, () => ({ key: 'a', value: {} }));
  const began = performance.now();
  expect(read({ ...good, attributes: many }).spans[0]?.attributes).toEqual({});
  expect(performance.now() - began).toBeLessThan(500);
});

test('a request without spans is empty', () => {
  for (const body of [
    {},
    { resourceSpans: [] },
    { resourceSpans: [{}] },
    { resourceSpans: [{ scopeSpans: null }] },
  ])
    expect(readRequest(body, { now })).toEqual({ spans: [], rejected: 0, firstReason: undefined });
});

test.each([
  [null, 'body must be an object'],
  [{ resourceSpans: [5] }, 'resourceSpans[0] must be an object'],
  [{ resourceSpans: [{ resource: 'a' }] }, 'resourceSpans[0].resource must be an object'],
  [
    { resourceSpans: [{ scopeSpans: [{ spans: {} }] }] },
    'resourceSpans[0].scopeSpans[0].spans must be an array',
  ],
])('%j is refused as a whole', (body, message) => {
  expect(() => readRequest(body, { now })).toThrow(message);
});
