import { event } from '@emporium/contracts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { commands, paid1, paid2, paid3, placed, registry, reserve } from '../../test/contracts.ts';
import { Fault } from '../errors.ts';
import { type Context, newContext, traceIdOf } from './context.ts';
import { maxMessageBytes } from './envelope.ts';
import { createMessage, createMessages, readMessage } from './message.ts';

const context: Context = {
  correlationId: 'c-1',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  hops: 0,
};
const data = { orderId: 'o-1', lines: [{ sku: 'TEA' }] };
const json = ({ body }: { readonly body: Uint8Array }) => JSON.parse(Buffer.from(body).toString('utf8'));
const all = new Set(registry.contracts);

const faultOf = (work: () => unknown): Fault => {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('a created message', () => {
  test('carries every attribute', () => {
    const time = new Date('2026-11-23T08:10:42.158Z');
    const expiry = new Date('2026-11-23T08:11:42.158Z');
    const from = { ...context, causationId: 'm-1', hops: 2, tracestate: 'vendor=value' };
    const message = createMessage('order', placed, data, from, { id: 'e-1', time, sequence: 7, expiry });
    expect(json(message)).toEqual({
      specversion: '1.0',
      id: 'e-1',
      source: '/emporium/order',
      type: 'order.placed',
      time: '2026-11-23T08:10:42.158Z',
      subject: 'o-1',
      datacontenttype: 'application/json',
      dataschema: 'urn:emporium:schema:order.placed:1',
      correlationid: 'c-1',
      causationid: 'm-1',
      traceparent: expect.stringMatching(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/),
      tracestate: 'vendor=value',
      hops: 3,
      sequence: 7,
      expiry: '2026-11-23T08:11:42.158Z',
      data,
    });
    expect(message).toMatchObject({
      id: 'e-1',
      type: 'order.placed',
      key: 'o-1',
      kind: 'event',
      owner: 'order',
    });
  });

  test('has a new UUIDv7 and the current time', () => {
    const before = Date.now();
    const [one, other] = [
      createMessage('order', placed, data, context),
      createMessage('order', placed, data, context),
    ];
    expect(one.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(other.id).not.toBe(one.id);
    expect(json(one).id).toBe(one.id);
    expect(Date.parse(json(one).time)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(json(one).time)).toBeLessThanOrEqual(Date.now());
  });

  test('of a request has 0 hops and no absent attributes', () => {
    expect(Object.keys(json(createMessage('order', placed, data, newContext()))).sort()).toEqual([
      ...[
        'correlationid',
        'data',
        'datacontenttype',
        'dataschema',
        'hops',
        'id',
        'source',
        'specversion',
        'subject',
      ],
      ...['time', 'traceparent', 'type'],
    ]);
    expect(json(createMessage('order', placed, data, newContext())).hops).toBe(0);
  });

  test('has its own span', () => {
    const spans = [1, 2].map(() => json(createMessage('order', placed, data, context)).traceparent);
    expect(new Set([...spans, context.traceparent]).size).toBe(3);
  });

  test('of a later version has it in its type and schema', () => {
    const message = createMessage(
      'order',
      paid2,
      { orderId: 'o-1', total: { amount: 1, currency: 'EUR' } },
      context,
    );
    expect(message.type).toBe('order.paid.v2');
    expect(json(message)).toMatchObject({
      type: 'order.paid.v2',
      dataschema: 'urn:emporium:schema:order.paid:2',
    });
  });

  test('of a command has its kind and owner', () => {
    expect(createMessage('order', reserve, { orderId: 'o-1' }, context)).toMatchObject({
      kind: 'command',
      owner: 'inventory',
    });
  });

  test('contains the validated data, also of a class instance', () => {
    class Placed {
      readonly orderId = 'o-1';
      get lines(): { sku: string }[] {
        return [{ sku: 'TEA' }];
      }
    }
    expect(json(createMessage('order', placed, new Placed(), context)).data).toEqual(data);
  });
});

describe('a message is refused before it leaves', () => {
  const refused = (given: unknown, options = {}, from: Context = context): Fault =>
    faultOf(() => createMessage('order', placed, given as typeof data, from, options)); // untyped code may pass anything

  test.each<[string, unknown, string]>([
    ['for a field of another type', { ...data, orderId: 1 }, 'data.orderId: '],
    ['for a missing field', { orderId: 'o-1' }, 'data.lines: '],
    ['for an unknown field', { ...data, more: 1 }, 'data: Unrecognized key: "more"'],
    [
      'for an unknown field in a line',
      { ...data, lines: [{ sku: 'TEA', more: 1 }] },
      'data.lines.0: Unrecognized key: "more"',
    ],
    ['for no data at all', undefined, 'data: '],
  ])('%s, by its name', (_, given, problem) => {
    const fault = refused(given);
    expect(fault).toMatchObject({ code: 'bus.invalid_message', settle: 'dead-letter' });
    expect(fault.message).toContain(
      `The message does not fit its contract: contract: order.placed, ${problem}`,
    );
  });

  const text = 'must be a text of 1 to 1000 characters';
  test.each<[string, Fault, string]>([
    ['an empty key', refused({ ...data, orderId: '' }), `subject: ${text}`],
    ['a key that is too long', refused({ ...data, orderId: 'x'.repeat(1_001) }), `subject: ${text}`],
    ['an empty id', refused(data, { id: '' }), `id: ${text}`],
    ['a negative sequence', refused(data, { sequence: -1 }), 'sequence: must be a whole number, 0 or more'],
    [
      'a sequence that is NaN',
      refused(data, { sequence: Number.NaN }),
      'sequence: must be a whole number, 0 or more',
    ],
    ['an empty correlation', refused(data, {}, { ...context, correlationId: '' }), `correlationid: ${text}`],
    [
      'a trace state that is too long',
      refused(data, {}, { ...context, tracestate: 'x'.repeat(1_001) }),
      `tracestate: ${text}`,
    ],
    ['an invalid time', refused(data, { time: new Date(Number.NaN) }), 'time: must be an RFC 3339 time'],
    [
      'an invalid expiry',
      refused(data, { expiry: new Date(Number.NaN) }),
      'expiry: must be an RFC 3339 time',
    ],
  ])('for %s, which every reader would refuse', (_, fault, problem) => {
    expect(fault.code).toBe('bus.invalid_message');
    expect(fault.message).toContain(problem);
  });

  test('when it is over 64 KiB, and not at exactly 64 KiB', () => {
    const sized = (length: number) => ({ ...data, note: 'é'.repeat(length) });
    const id = { id: 'e-1' };
    const overhead = createMessage('order', placed, sized(0), context, id).body.byteLength;
    const room = maxMessageBytes - overhead;
    const exact = { ...data, note: `${'é'.repeat(Math.floor(room / 2))}${'x'.repeat(room % 2)}` };
    expect(createMessage('order', placed, exact, context, id).body.byteLength).toBe(maxMessageBytes);
    expect(refused({ ...exact, note: `${exact.note}x` }, id)).toMatchObject({
      code: 'bus.message_too_big',
      settle: 'dead-letter',
      message: 'The message is too big: contract: order.placed, bytes: 65537, limit: 65536',
    });
  });

  test('with at most five of the wrong fields', () => {
    const fault = refused({ ...data, lines: Array.from({ length: 10 }, () => ({})) });
    expect(fault.message.match(/data\.lines\.\d\.sku: /g)).toHaveLength(5);
  });

  test('when it has too many hops', () => {
    const at = (hops: number) => ({ ...context, causationId: 'm-1', hops });
    expect(json(createMessage('order', placed, data, at(31))).hops).toBe(32);
    const fault = refused(data, {}, at(32));
    expect(fault).toMatchObject({ code: 'bus.too_many_hops', settle: 'dead-letter' });
    expect(fault.message).toContain('hops: 33, limit: 32');
  });
});

describe('a read message', () => {
  test('equals the created one', () => {
    const time = new Date('2026-11-23T08:10:42.158Z');
    const expiry = new Date('2026-11-23T08:11:42.158Z');
    const { body } = createMessage('order', placed, data, context, { id: 'e-1', time, sequence: 7, expiry });
    expect(readMessage(registry, all, body)).toEqual({
      id: 'e-1',
      contract: placed,
      data,
      key: 'o-1',
      time,
      expiry,
      sequence: 7,
      source: '/emporium/order',
      context: {
        correlationId: 'c-1',
        causationId: 'e-1',
        traceparent: expect.stringMatching(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/),
        hops: 0,
      },
    });
  });

  test('without sequence and expiry has none', () => {
    const message = readMessage(registry, all, createMessage('order', placed, data, context).body);
    expect('sequence' in message || 'expiry' in message).toBe(false);
  });

  test('drops unknown fields at every depth', () => {
    const made = json(createMessage('order', placed, data, context));
    const body = { ...made, data: { ...data, more: 1, lines: [{ sku: 'TEA', more: 1 }] } };
    expect(readMessage(registry, all, Buffer.from(JSON.stringify(body))).data).toEqual(data);
  });

  test('is refused, naming the wrong field', () => {
    const body = {
      ...json(createMessage('order', placed, data, context)),
      data: { ...data, lines: [{ sku: 5 }] },
    };
    const fault = faultOf(() => readMessage(registry, all, Buffer.from(JSON.stringify(body))));
    expect(fault).toMatchObject({ code: 'bus.invalid_message', settle: 'dead-letter' });
    expect(fault.message).toContain('contract: order.placed, data.lines.0.sku: ');
  });

  test.each([
    ['no contract has', { type: 'order.unheard-of' }],
    ['this subscription does not listen to', { type: 'order.placed' }],
  ])('is refused when its type is one that %s', (_, change) => {
    const body = { ...json(createMessage('order', placed, data, context)), ...change };
    const fault = faultOf(() =>
      readMessage(registry, new Set(commands.to), Buffer.from(JSON.stringify(body))),
    );
    expect(fault).toMatchObject({ code: 'bus.unknown_type', settle: 'dead-letter' });
    expect(fault.message).toContain(`type: ${change.type}`);
  });

  test('passes its correlation, cause, trace and hops on to the messages that follow from it', () => {
    const first = createMessage('order', placed, data, { ...context, tracestate: 'vendor=value' });
    const handled = readMessage(registry, all, first.body);
    const second = json(createMessage('inventory', reserve, { orderId: 'o-1' }, handled.context));
    expect(second).toMatchObject({
      correlationid: 'c-1',
      causationid: first.id,
      hops: 1,
      tracestate: 'vendor=value',
    });
    const third = readMessage(registry, all, Buffer.from(JSON.stringify(second)));
    expect(json(createMessage('order', placed, data, third.context))).toMatchObject({
      correlationid: 'c-1',
      causationid: second.id,
      hops: 2,
    });
    expect(handled.context.traceparent).toBe(json(first).traceparent);
    const spans = [context, handled.context, second, third.context].map(({ traceparent }) => traceparent);
    expect(new Set(spans).size).toBe(3); // the last two are one message
    expect(new Set(spans.map((traceparent) => traceIdOf({ ...context, traceparent })))).toEqual(
      new Set(['4bf92f3577b34da6a3ce929d0e0e4736']),
    );
  });
});

describe('an event whose older versions are deprecated', () => {
  const define = { owner: 'order', key: 'orderId' } as const;
  const schema = <Field extends string>(field: Field) => z.object({ orderId: z.string(), [field]: z.int() });
  const first = event('order.weighed', { ...define, version: 1, schema: schema('grams'), deprecated: true });
  const second = event('order.weighed', {
    ...{ ...define, version: 2, schema: schema('weight'), deprecated: true },
    upcast: { from: first, with: ({ orderId, grams }) => ({ orderId, weight: grams }) },
    downcast: ({ orderId, weight }) => ({ orderId, grams: weight }),
  });
  const third = event('order.weighed', {
    ...{ ...define, version: 3, schema: schema('grossWeight') },
    upcast: { from: second, with: ({ orderId, weight }) => ({ orderId, grossWeight: weight }) },
    downcast: ({ orderId, grossWeight }) => ({ orderId, weight: grossWeight }),
  });
  const weighed = { orderId: 'o-1', grossWeight: 250 };

  test('is a message in each, the newest first, with one id, key, time and sequence', () => {
    const made = createMessages('order', third, weighed, context, { sequence: 3 });
    expect(made.map(({ type }) => type)).toEqual(['order.weighed.v3', 'order.weighed.v2', 'order.weighed']);
    expect(made.map(json).map((each) => each.data)).toEqual([
      { orderId: 'o-1', grossWeight: 250 },
      { orderId: 'o-1', weight: 250 },
      { orderId: 'o-1', grams: 250 },
    ]);
    for (const attribute of ['id', 'subject', 'time', 'sequence', 'correlationid', 'hops'])
      expect(new Set(made.map(json).map((each) => each[attribute])).size).toBe(1);
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });

  test('has the given id in each', () => {
    const made = createMessages('order', third, weighed, context, { id: 'e-1' });
    expect(made.map(json).map(({ id }) => id)).toEqual(['e-1', 'e-1', 'e-1']);
  });

  test('is one message when it is published in the oldest, or when no older one is deprecated', () => {
    expect(createMessages('order', first, { orderId: 'o-1', grams: 1 }, context)).toHaveLength(1);
    expect(createMessages('order', paid3, paidData, context)).toHaveLength(1);
  });

  test('is one message as the reply to an older command, in the oldest version', () => {
    const replying = { ...context, reply: { stepId: 's-1', isOlder: true } };
    const [only, ...others] = createMessages('order', third, weighed, replying);
    expect([only?.type, others]).toEqual(['order.weighed', []]);
  });

  test('is not published at all when its data does not fit, in any version', () => {
    const wrong = { ...third, downcast: () => ({ orderId: 'o-1' }) };
    const fault = faultOf(() => createMessages('order', wrong, weighed, context));
    expect(fault.message).toContain('contract: order.weighed.v2, data.weight: ');
  });
});

const paidData = { orderId: 'o-1', total: { amount: 500, currency: 'EUR' }, by: 'card' };

describe('a message of an older version', () => {
  const { body } = createMessage('order', paid1, { orderId: 'o-1', cents: 500 }, context);
  const total = { amount: 500, currency: 'EUR' };

  test('is upcast through two versions to the handled one', () => {
    expect(readMessage(registry, new Set([paid3]), body)).toMatchObject({
      contract: paid3,
      data: { orderId: 'o-1', total, by: 'unknown' },
      key: 'o-1',
    });
  });

  test('is upcast no further than to the handled version', () => {
    const message = readMessage(registry, new Set([paid2]), body);
    expect(message.contract).toBe(paid2);
    expect(message.data).toEqual({ orderId: 'o-1', total });
  });

  test.each([
    ['newest first', [paid3, paid2]],
    ['oldest first', [paid2, paid3]],
  ])('is upcast to the nearest of several handled versions (%s)', (_, wanted) => {
    expect(readMessage(registry, new Set(wanted), body).contract).toBe(paid2);
  });

  test('is not upcast where its own version is handled', () => {
    expect(readMessage(registry, new Set([paid3, paid1]), body)).toMatchObject({
      contract: paid1,
      data: { orderId: 'o-1', cents: 500 },
    });
  });

  test('is never turned into an older one', () => {
    const newer = createMessage('order', paid2, { orderId: 'o-1', total }, context);
    expect(faultOf(() => readMessage(registry, new Set([paid1]), newer.body)).code).toBe('bus.unknown_type');
  });

  test('is dead-lettered when its upcaster returns data that the newer version refuses', () => {
    const broken = { ...paid2, upcast: { from: paid1, with: () => ({ orderId: 'o-1' }) } };
    const fault = faultOf(() => readMessage(registry, new Set([broken]), body));
    expect(fault).toMatchObject({ code: 'bus.invalid_message', settle: 'dead-letter' });
    expect(fault.message).toContain('contract: order.paid.v2, data.total: ');
  });

  test('is dead-lettered when its upcaster throws', () => {
    const upcast = {
      from: paid1,
      with: () => {
        throw new TypeError('cents is not a number');
      },
    };
    const fault = faultOf(() => readMessage(registry, new Set([{ ...paid2, upcast }]), body));
    expect(fault).toMatchObject({ code: 'bus.invalid_message', settle: 'dead-letter' });
    expect(fault.message).toContain('contract: order.paid.v2, upcast: failed (cents is not a number)');
  });
});
