import { describe, expect, test } from 'vitest';
import { newTraceparent } from './spans/tracing.ts';
import { isBeginning, newSpanId, newTraceId, parseTraceparent } from './trace-context.ts';

const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

describe('a traceparent', () => {
  test.each([
    ['01', true],
    ['00', false],
    ['03', true],
    ['fe', false],
  ])('with the flags %s is sampled: %s', (flags, isSampled) =>
    expect(parseTraceparent(`00-${traceId}-${spanId}-${flags}`)).toEqual({ traceId, spanId, isSampled }),
  );

  test.each(['01', '01-more', '01-'])(
    'of a later version that ends with %j is read by its first fields',
    (end) =>
      expect(parseTraceparent(`cc-${traceId}-${spanId}-${end}`)).toEqual({
        traceId,
        spanId,
        isSampled: true,
      }),
  );

  test.each([
    undefined,
    '',
    'nonsense',
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `01-${traceId}-${spanId}-01more`,
    `0g-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    'a'.repeat(100_000),
  ])('%j is malformed', (text) => expect(parseTraceparent(text)).toBeUndefined());
});

test('new ids are random and well-formed, also those of a new buffer of random bytes', () => {
  const ids = Array.from({ length: 2_000 }, () => [newTraceId(), newSpanId()]);
  expect(new Set(ids.flat()).size).toBe(4_000);
  for (const [trace = '', span = ''] of ids) expect(parseTraceparent(`00-${trace}-${span}-01`)).toBeDefined();
  expect(newTraceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test('a new traceparent is the beginning of a trace, unlike that of a span', () => {
  const begun = parseTraceparent(newTraceparent());
  expect(begun !== undefined && isBeginning(begun)).toBe(true);
  expect(isBeginning({ traceId, spanId })).toBe(false);
});
