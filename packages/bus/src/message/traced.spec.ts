import { type RecordedSpans, recordSpans } from '@emporium/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { currentContext, newContext, traceIdOf, withContext } from './context.ts';
import { traced } from './traced.ts';

let recorded: RecordedSpans;
beforeEach(() => {
  recorded = recordSpans();
});
afterEach(() => recorded.stop());

test('the first span of a new context has its trace id and no parent, and what happens in it follows from it', async () => {
  const context = newContext();
  await withContext(context, () => traced('first', {}, () => traced('second', {}, async () => undefined)));
  const [first, second] = [recorded.find('first'), recorded.find('second')];
  expect(first.spanContext().traceId).toBe(traceIdOf(context));
  expect(first.parentSpanId).toBeUndefined();
  expect(second.parentSpanId).toBe(first.spanContext().spanId);
});

test('work without a context begins a trace', async () => {
  const inside = await traced('work', {}, async () => currentContext());
  expect(recorded.find('work').parentSpanId).toBeUndefined();
  expect(inside !== undefined && traceIdOf(inside)).toBe(recorded.find('work').spanContext().traceId);
});
