import { activeSpan, startSpan, traceparentOf } from '@emporium/telemetry';
import { type RecordedSpans, recordSpans } from '@emporium/telemetry/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mails, placed, registry } from '../../test/contracts.ts';
import { fakeTransport, noted } from '../../test/fake-transport.ts';
import { busErrors, permanent } from '../errors.ts';
import { currentContext, newContext } from '../message/context.ts';
import { createMessage, traceparentIn } from '../message/message.ts';
import { consume, type Run } from './pipeline.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the span of a delivery', () => {
  let spans: RecordedSpans;
  beforeEach(() => {
    spans = recordSpans();
  });
  afterEach(() => spans.stop());

  const created = () =>
    createMessage('order', placed, { orderId: 'o-1', lines: [{ sku: 'TEA' }] }, newContext());

  const deliver = async (run: Run, { body = created().body, attempt = 1 } = {}) => {
    const transport = fakeTransport();
    await consume({
      ...{ transport, registry, subscription: mails, handles: [placed], run, log: quiet },
      probe: async () => undefined,
      limits: { concurrency: 1 },
    });
    await transport.deliver(noted({ body }, { attempt }));
  };

  test('follows from the creation of the message, and what happens in it follows from it', async () => {
    const message = created();
    let within = { current: '', handler: '', active: '' };
    await deliver(
      async ({ context }) => {
        const active = activeSpan();
        within = {
          current: currentContext()?.traceparent ?? '',
          handler: context.traceparent,
          active: active === undefined ? '' : traceparentOf(active),
        };
        startSpan('inner', { parent: context.traceparent }).end();
      },
      { body: message.body },
    );
    const [create, inner] = [spans.find('create order.placed'), spans.find('inner')];
    const process = spans.ended().find(({ name }) => name.startsWith('process '));
    expect(traceparentIn(message.body)).toBe(traceparentOf(create));
    expect(process?.parentSpanId).toBe(create.spanContext().spanId);
    expect(inner.parentSpanId).toBe(process?.spanContext().spanId);
    expect(new Set(Object.values(within))).toEqual(new Set([process && traceparentOf(process)]));
    expect(process?.attributes).toMatchObject({
      'emporium.settlement': 'ack',
      'emporium.attempt': 1,
      'messaging.destination.subscription.name': mails.name,
    });
  });

  test.each([
    ['retry', 1, busErrors.refused({ answer: 'for Ada' }), 'bus.refused'],
    ['dead-letter', 1, permanent('not for Ada'), expect.any(String)],
    ['dead-letter', 99, new Error('again for Ada'), 'bus.attempts_exhausted'],
  ])('says that it ended in %s at attempt %i', async (settlement, attempt, error, code) => {
    await deliver(async () => Promise.reject(error), { attempt });
    const process = spans.ended().find(({ name }) => name.startsWith('process '));
    expect(process?.attributes).toMatchObject({ 'emporium.settlement': settlement, 'error.type': code });
    expect(process?.status.code).toBe(2);
    expect(JSON.stringify(process)).not.toContain('Ada'); // texts of errors are in logs and dead letters alone
    expect('emporium.delay_ms' in (process?.attributes ?? {})).toBe(settlement === 'retry');
  });

  test('is made for a message that cannot be read, too, where its envelope can', async () => {
    const envelope = JSON.parse(Buffer.from(created().body).toString());
    await deliver(async () => undefined, { body: Buffer.from(JSON.stringify({ ...envelope, data: 1 })) });
    const process = spans.ended().find(({ name }) => name.startsWith('process '));
    expect(process?.attributes).toMatchObject({
      'emporium.settlement': 'dead-letter',
      'error.type': 'bus.invalid_message',
    });
    expect(process?.spanContext().traceId).toBe(envelope.traceparent.slice(3, 35));
    await deliver(async () => undefined, { body: Buffer.from('nothing') });
    expect(spans.ended().filter(({ name }) => name.startsWith('process '))).toHaveLength(1);
  });
});

test('a traceparent in the data of a message is not taken for that of the envelope', () => {
  const context = newContext();
  const trick = `"traceparent":"00-${'f'.repeat(32)}-${'f'.repeat(16)}-01"`;
  const { body } = createMessage('order', placed, { orderId: trick, lines: [{ sku: trick }] }, context);
  expect(traceparentIn(body)?.slice(3, 35)).toBe(context.traceparent.slice(3, 35));
  expect(traceparentIn(Buffer.from('{"traceparent":"nonsense"}'))).toBeUndefined();
  expect(traceparentIn(Buffer.from('{}'))).toBeUndefined();
});
