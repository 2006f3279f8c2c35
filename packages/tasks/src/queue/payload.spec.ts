import { newContext, withContext } from '@emporium/bus';
import { expect, test } from 'vitest';
import { contextOf, createPayload, maxDataBytes, payloadOf, readPayload } from './payload.ts';

const context = { ...newContext({ correlationId: 'c-1' }), tracestate: 'a=b' };

test('the current context travels along, and the task becomes the cause', () => {
  const payload = withContext(context, () => createPayload('a.b', 'task-1', { n: 1 }));
  const arrived = contextOf('task-1', readPayload('a.b', JSON.parse(JSON.stringify(payload))));
  expect(arrived).toMatchObject({ correlationId: 'c-1', causationId: 'task-1', tracestate: 'a=b', hops: 0 });
  expect(arrived.traceparent.slice(0, 36)).toBe(context.traceparent.slice(0, 36));
  expect(arrived.traceparent).not.toBe(context.traceparent);
});

test('a task that follows from a message is a hop further, and a loop ends', () => {
  const from = (hops: number) => payloadOf('a.b', {}, { ...context, causationId: 'message-1', hops });
  expect(from(3).context?.hops).toBe(4);
  expect(() => from(32)).toThrow(/tasks\.|hops: 33/);
});

test('what has no context is the beginning of something, each time', () => {
  const [one, other] = [contextOf('t', { data: {} }), contextOf('t', { data: {} })];
  expect(one.correlationId).not.toBe(other.correlationId);
  expect(one).toMatchObject({ causationId: 't', hops: 0 });
});

test('a queue is no place for files', () => {
  expect(() => createPayload('a.b', 'task-1', { text: 'ä'.repeat(maxDataBytes / 2) })).toThrow(
    /a\.b, bytes: /,
  );
});

test.each([undefined, 'text', { data: 1, context: { hops: 'x' } }])(
  'what no producer of ours puts there is refused: %j',
  (value) => {
    expect(() => readPayload('a.b', value)).toThrow(/a\.b, payload/);
  },
);
