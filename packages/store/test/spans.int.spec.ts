import { emit, newContext, permanent, spanOf, withContext } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { type RecordedSpans, recordSpans } from '@emporium/telemetry/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { counted } from './support/counting.ts';
import { openTestStore, type TestStore } from './support/inventory.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('spans of a store'), () => {
  let opened: TestStore;
  let spans: RecordedSpans;

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
  });
  afterAll(() => opened?.close());
  beforeEach(() => {
    spans = recordSpans();
  });
  afterEach(() => spans.stop());

  const effect = () => emit(counted, { counter: 'a', n: 1 });

  test('a message is created when its transaction is committed', async () => {
    const { store } = opened;
    const { span, context } = spanOf('request', newContext());
    await withContext(context, () =>
      store.transaction(async ({ effects }) => {
        effects.push(effect());
        expect(spans.names()).toEqual([]);
      }),
    );
    const { spanId } = span.spanContext();
    expect(spans.names()).toEqual([`create ${counted.type}`, 'transaction inventory']);
    expect(spans.ended().map(({ parentSpanId }) => parentSpanId)).toEqual([spanId, spanId]);
    expect(spans.find('transaction inventory').attributes).toMatchObject({
      'db.system.name': 'postgresql',
      'db.namespace': expect.stringMatching(/./),
    });
  });

  test('of a transaction that is rolled back no message was created', async () => {
    const { store } = opened;
    const work = store.transaction(async ({ effects }) => {
      effects.push(effect());
      throw permanent('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(spans.names()).toEqual(['transaction inventory']);
    expect(spans.find('transaction inventory').status.code).toBe(2);
  });

  test('calls that share a transaction are linked to it, and keep their own traces', async () => {
    const { store } = opened;
    const grouped = store.grouped<number, number>(async (parts) => {
      for (const { effects } of parts) effects.push(effect());
      return parts.map(({ item }) => item);
    });
    const contexts = Array.from({ length: 5 }, () => spanOf('request', newContext()).context);
    await Promise.all(contexts.map((context, item) => withContext(context, () => grouped(item))));
    const transactions = spans.ended().filter(({ name }) => name === 'transaction inventory');
    const shared = transactions.filter(({ links }) => links.length > 0);
    expect(shared).toHaveLength(1);
    expect(shared[0]?.parentSpanId).toBeUndefined();
    expect(shared[0]?.attributes['db.operation.batch.size']).toBe(shared[0]?.links.length);
    const creations = spans.ended().filter(({ name }) => name.startsWith('create '));
    expect(new Set(creations.map((span) => span.spanContext().traceId))).toEqual(
      new Set(contexts.map(({ traceparent }) => traceparent.slice(3, 35))),
    );
  });

  test('of messages that are not sampled a shared transaction is not recorded', async () => {
    const { store } = opened;
    const grouped = store.grouped<number, number>(async (parts) => parts.map(({ item }) => item));
    const unsampled = () => newContext({ traceparent: newContext().traceparent.replace(/01$/, '00') });
    await Promise.all([1, 2, 3].map((item) => withContext(unsampled(), () => grouped(item))));
    expect(spans.names()).toEqual([]);
  });
});
