import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { currentContext, newContext, traceIdOf, withContext } from './context.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = `00-${trace}-00f067aa0ba902b7-01`;
const wellFormed = /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/;

describe('a new context', () => {
  test('starts a correlation and a trace, with 0 hops', () => {
    const [one, other] = [newContext(), newContext()];
    expect(one.correlationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.traceparent).toMatch(wellFormed);
    expect(one.hops).toBe(0);
    expect('causationId' in one || 'tracestate' in one).toBe(false);
    expect(other.correlationId).not.toBe(one.correlationId);
    expect(traceIdOf(other)).not.toBe(traceIdOf(one));
  });

  test('continues the correlation and the trace of a request', () => {
    const given = { correlationId: 'request-1', traceparent: parent, tracestate: 'vendor=value' };
    expect(newContext(given)).toEqual({ ...given, hops: 0 });
    expect(traceIdOf(newContext(given))).toBe(trace);
  });

  test.each(['', 'a'.repeat(201), 'two words', 'line\nbreak'])(
    'starts a correlation where a request brings %j, which an envelope could not carry',
    (correlationId) => expect(newContext({ correlationId }).correlationId).toMatch(/^[0-9a-f-]{36}$/),
  );

  test.each(['', 'nonsense', `ff-${trace}-00f067aa0ba902b7-01`, parent.toUpperCase()])(
    'starts a trace where a request brings %j',
    (traceparent) => {
      const context = newContext({ traceparent, tracestate: 'vendor=value' });
      expect(context.traceparent).toMatch(wellFormed);
      expect(traceIdOf(context)).not.toBe(trace);
      expect(context.tracestate, 'the state of a trace that is not continued').toBeUndefined();
    },
  );

  test.each(['', 'a'.repeat(513)])('leaves out an empty or too long trace state', (tracestate) => {
    expect(newContext({ traceparent: parent, tracestate }).tracestate).toBeUndefined();
  });
});

describe('the current context', () => {
  test('is that of the work, through awaits, and of no other', async () => {
    const [one, other] = [newContext(), newContext()];
    const seen = await Promise.all(
      [one, other].map((context) =>
        withContext(context, async () => {
          await sleep(1);
          return currentContext();
        }),
      ),
    );
    expect(seen[0]).toBe(one);
    expect(seen[1]).toBe(other);
    expect(currentContext()).toBeUndefined();
  });
});
