import { busErrors, currentContext, type Envelope, type PublishResult } from '@emporium/bus';
import { beforeEach, describe, expect, test } from 'vitest';
import { createMemoryLog } from '../../test/support/log.ts';
import type { OutboxRow } from './outbox-rows.ts';
import { createRefusals, type Refusals } from './refusals.ts';

const row = (key: string, type = 'order.placed'): OutboxRow => ({
  ...{ id: 1, key, blocking_key: key, message_id: `id-${key}`, kind: 'event', owner: 'order', type },
  body: Buffer.from('{}'),
  subscription: null,
});
const unroutable = (type = 'order.placed'): PublishResult => ({
  status: 'refused',
  error: busErrors.unroutable({ type }),
});

describe('refused messages', () => {
  let now: number;
  let log: ReturnType<typeof createMemoryLog>;
  let refusals: Refusals;

  beforeEach(() => {
    now = 0;
    log = createMemoryLog();
    refusals = createRefusals(log, () => now);
  });

  test('are named once for a thousand keys and many tries, and once when all of them left', () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => row(`k-${index}`));
    for (let tries = 0; tries < 3; tries += 1) for (const each of keys) refusals.refused(each, unroutable());
    expect(log.lines).toEqual([
      'warn not published, it stays in the outbox: No declared subscription takes this message; apply the topology: type: order.placed',
    ]);
    for (const each of keys) refusals.accepted(each);
    expect(log.lines.slice(1)).toEqual(['info published again']);
    refusals.refused(row('k-1'), unroutable());
    expect(log.lines).toHaveLength(3);
  });

  test('are named for each type and each reason', () => {
    refusals.refused(row('a'), unroutable());
    refusals.refused(row('a', 'order.cancelled'), unroutable('order.cancelled'));
    refusals.refused(row('b'), { status: 'refused', error: busErrors.refused({ type: 'order.placed' }) });
    refusals.refused(row('b'), undefined);
    expect(log.lines).toHaveLength(4);
  });

  test('are said in the context of the message, where its body can be read', () => {
    const envelope: Envelope = {
      ...{ specversion: '1.0', id: 'm-1', source: '/emporium/order', type: 'order.placed' },
      ...{ time: '2026-11-23T08:10:42.158Z', subject: 'a', datacontenttype: 'application/json' },
      ...{ correlationid: 'request-1', hops: 0, data: {} },
    };
    const requests: (string | undefined)[] = [];
    const observed = { ...log, warn: () => void requests.push(currentContext()?.correlationId) };
    const { refused } = createRefusals(observed, () => now);
    refused({ ...row('a'), body: Buffer.from(JSON.stringify(envelope)) }, unroutable());
    refused({ ...row('b', 'order.cancelled'), body: Buffer.from('{"cut') }, unroutable());
    expect(requests).toEqual(['request-1', undefined]);
  });

  test('are not made quiet for ever by a row that was taken back', () => {
    refusals.refused(row('a'), unroutable());
    now += 61_000;
    refusals.refused(row('b'), unroutable());
    expect(log.lines).toHaveLength(2);
  });
});
