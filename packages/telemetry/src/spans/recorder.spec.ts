import { type AttributeValue, type Span, SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { beginTrace } from '../trace-context.ts';
import { failSpan, failSpanAs } from './failed.ts';
import { limits } from './limits.ts';
import { toOtlpJson } from './otlp-json.ts';
import type { RecordedSpan } from './recorded-span.ts';
import { createRecorder } from './recorder.ts';
import type { Sampler } from './sampler.ts';
import { traceparentOf } from './tracing.ts';

const everything: Sampler = { ratio: 1, isParentBased: true };
const parent = `00-${'4'.repeat(32)}-${'5'.repeat(16)}-01`;

const record = (sampler: Sampler = everything) => {
  const ended: RecordedSpan[] = [];
  const { start, isSampled } = createRecorder(
    { add: (span) => ended.push(span), close: async () => undefined },
    sampler,
  );
  return { start, ended, isSampled };
};

/** What callers can pass in spite of the types. */
const loose = (value: unknown) => value as AttributeValue;

test('a span belongs to the trace of its parent, and ends once', () => {
  const { start, ended } = record();
  const span = start('work', { parent, attributes: { a: 1 } });
  span.end();
  span.end();
  span.setAttribute('late', true);
  expect(ended).toHaveLength(1);
  expect(ended[0]).toMatchObject({ name: 'work', parentSpanId: '5'.repeat(16), attributes: { a: 1 } });
  expect(traceparentOf(span)).toMatch(new RegExp(`^00-${'4'.repeat(32)}-[0-9a-f]{16}-01$`));
});

test('the first span of a begun trace has its trace id, and no parent; nothing links to the beginning', () => {
  const { start, ended, isSampled } = record();
  const begun = beginTrace(isSampled);
  const first = start('first', { parent: begun });
  start('second', { parent: traceparentOf(first), links: [begun] }).end();
  first.end();
  const [second, one] = ended;
  expect(one?.spanContext().traceId).toBe(begun.slice(3, 35));
  expect(one?.parentSpanId).toBeUndefined();
  expect(second?.parentSpanId).toBe(one?.spanContext().spanId);
  expect(second?.links).toEqual([]);
});

test('whether a begun trace is recorded is decided once, by the share of the sampler', () => {
  const { start, ended, isSampled } = record({ ratio: 0.25, isParentBased: true });
  const begun = Array.from({ length: 4_000 }, () => beginTrace(isSampled));
  for (const parent of begun) start('work', { parent }).end();
  expect(ended.length).toBe(begun.filter((parent) => parent.endsWith('-01')).length);
  expect(ended.length).toBeGreaterThan(800);
  expect(ended.length).toBeLessThan(1_200);
});

test('a span that never ends is never exported', () => {
  const { start, ended } = record();
  start('work', {});
  expect(ended).toEqual([]);
});

test('a malformed parent begins a trace', () => {
  const { start, ended } = record();
  start('work', { parent: 'nonsense' }).end();
  expect(ended[0]?.parentSpanId).toBeUndefined();
});

test('an unsampled parent is continued and not recorded, and its flag is passed on', () => {
  const { start, ended } = record();
  const span = start('work', { parent: parent.replace(/01$/, '00') });
  span.end();
  expect(ended).toEqual([]);
  expect(traceparentOf(span)).toMatch(new RegExp(`^00-${'4'.repeat(32)}-[0-9a-f]{16}-00$`));
});

test('a sampler that is not based on the parent decides by the trace id alone', () => {
  const { start, ended } = record({ ratio: 1, isParentBased: false });
  start('work', { parent: parent.replace(/01$/, '00') }).end();
  expect(ended).toHaveLength(1);
});

test('a ratio is the share of new traces', () => {
  const { start, ended } = record({ ratio: 0.25, isParentBased: true });
  for (let each = 0; each < 4_000; each += 1) start('work', {}).end();
  expect(ended.length).toBeGreaterThan(800);
  expect(ended.length).toBeLessThan(1_200);
});

test('what was decided about a new trace replaces the sampler', () => {
  const none = record({ ratio: 0, isParentBased: true });
  none.start('work', { isRecorded: true }).end();
  expect(none.ended).toHaveLength(1);
  const all = record();
  all.start('work', { isRecorded: false }).end();
  expect(all.ended).toEqual([]);
});

test('values that OTLP does not have are left out, and nothing throws', () => {
  const { start, ended } = record();
  const span = start('work', {});
  for (const [key, value] of Object.entries({
    nan: Number.NaN,
    infinite: Number.POSITIVE_INFINITY,
    object: { a: 1 },
    symbol: Symbol('s'),
    nothing: null,
    function: () => 1,
  }))
    span.setAttribute(key, loose(value));
  span.setAttribute('big', loose(10n ** 30n));
  span.setAttribute('list', loose(['a', Number.NaN, { b: 1 }, [1], true]));
  span.setAttribute('undefined', loose(undefined));
  span.setAttribute('__proto__', 'x');
  span.end();
  const [{ attributes, dropped } = { attributes: {}, dropped: undefined }] = ended;
  expect(Object.keys(attributes)).toEqual(expect.arrayContaining(['big', 'list']));
  expect(attributes).toMatchObject({ big: '1000000000000000000000000000000', list: ['a', true] });
  expect(dropped?.attributes).toBe(6);
  expect(() => JSON.parse(toOtlpJson({}, ended))).not.toThrow();
});

test('texts are scrubbed and cut', () => {
  const { start, ended } = record();
  const span = start('mail to ada@example.com', {
    attributes: { to: 'ada@example.com', long: 'x'.repeat(10_000) },
  });
  span.addEvent('from ada@example.com', { jwt: 'Bearer abcdef' });
  span.recordException(new Error('refused ada@example.com'));
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'no ada@example.com' });
  span.addLink({ context: span.spanContext(), attributes: { a: 'ada@example.com' } });
  span.end();
  const json = toOtlpJson({}, ended);
  expect(json).not.toMatch(/ada@|abcdef/);
  expect(String(ended[0]?.attributes['long'])).toHaveLength(limits.text);
});

test.each([
  ['an address', 'ada.lovelace@example.com'],
  ['credentials of a URL', 'amqp://shop:hunter2-hunter2@broker/'],
  ['a token', 'Bearer abcdefghijklmnop'],
])('of %s at the end of what is kept, no part is left', (_, secret) => {
  const { start, ended } = record();
  for (let kept = 1; kept < secret.length; kept += 1) {
    const text = `${'-'.repeat(limits.text - kept - 1)} ${secret}`;
    const span = start('work', { attributes: { text, list: [text] } });
    span.addEvent('event', { text });
    span.setStatus({ code: SpanStatusCode.ERROR, message: text });
    span.end();
  }
  const texts = ended.map(({ attributes, events, status }) => JSON.stringify([attributes, events, status]));
  expect(texts.join('')).not.toMatch(/ada|love|hunt|shop:|abc/);
});

test('one span has bounded attributes, events, links and texts, and says what it left out', () => {
  const { start, ended } = record();
  const span = start('n'.repeat(10_000), { links: Array.from({ length: 500 }, () => parent) });
  for (let each = 0; each < 500; each += 1) {
    span.setAttribute(`key ${each}`, 'v'.repeat(5_000));
    span.addEvent('event', { text: 't'.repeat(5_000), [`k${each}`]: each });
  }
  span.end();
  const json = toOtlpJson({}, ended);
  expect(json.length).toBeLessThan(100_000);
  const [recorded] = ended;
  expect(recorded?.name).toHaveLength(limits.name);
  expect(recorded?.links).toHaveLength(limits.links);
  expect(recorded?.dropped.links).toBe(500 - limits.links);
  expect(recorded?.dropped.attributes).toBe(500 - Object.keys(recorded?.attributes ?? {}).length);
  expect(recorded?.dropped.events).toBe(500 - (recorded?.events.length ?? 0));
  expect(recorded?.size).toBeLessThanOrEqual(limits.size);
});

test('a failure has a code and a summary, and never a message, which may quote somebody', () => {
  const { start, ended } = record();
  const fail = (how: (span: Span) => void) => {
    const span = start('work', {});
    how(span);
    span.end();
  };
  const fault = { code: 'bus.x', summary: 'The message is too big' };
  fail((span) => failSpan(span, Object.assign(new Error('too big: Ada Lovelace'), fault)));
  fail((span) => failSpan(span, new TypeError('GET /people/ada')));
  fail((span) => failSpan(span, 'Ada Lovelace'));
  fail((span) => failSpanAs(span, '500'));
  expect(ended.map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([
    [{ code: SpanStatusCode.ERROR, message: 'The message is too big' }, 'bus.x'],
    [{ code: SpanStatusCode.ERROR }, 'TypeError'],
    [{ code: SpanStatusCode.ERROR }, '_OTHER'],
    [{ code: SpanStatusCode.ERROR }, '500'],
  ]);
});

test('OTLP has times in nanoseconds, and an end that is not before the start', () => {
  const { start, ended } = record();
  start('work', { startTime: 1_700_000_000_000 }).end(1_600_000_000_000);
  const [{ startTime, endTime } = { startTime: 0, endTime: 1 }] = ended;
  expect(endTime).toBe(startTime);
  expect(toOtlpJson({}, ended)).toContain('"startTimeUnixNano":"1700000000000000000"');
});
