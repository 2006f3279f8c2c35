import { busErrors, createMessage, newContext, type Transport } from '@emporium/bus';
import { type RecordedSpans, recordSpans } from '@emporium/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { counted, registry } from '../../test/support/counting.ts';
import { createSender } from './sender.ts';

let spans: RecordedSpans;
beforeEach(() => {
  spans = recordSpans();
});
afterEach(() => spans.stop());

const unused = (): never => {
  throw new Error('the sender does not use this');
};

const transport: Transport = {
  name: 'away',
  publish: async () => {
    throw busErrors.broker_away();
  },
  ...{ subscribe: unused, sendTo: unused, consumeDeadLetters: unused, topology: unused },
  ...{ queues: unused, status: unused, close: unused },
};

test('a rejected publish ends the spans of its messages as failed', async () => {
  const { id, key, type, body } = createMessage('inventory', counted, { counter: 'a', n: 1 }, newContext());
  const row = {
    id: 1,
    key,
    blocking_key: key,
    message_id: id,
    kind: 'event' as const,
    owner: 'inventory' as const,
  };
  const send = createSender(transport, registry);
  await expect(send([{ ...row, type, body: Buffer.from(body), subscription: null }])).rejects.toThrow();
  expect(spans.find(`send ${counted.type}`)).toMatchObject({
    attributes: { 'error.type': 'bus.broker_away' },
    status: { code: 2 },
  });
});
