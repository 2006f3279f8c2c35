import { type Contract, orderCompleted, sensorData, shop } from '@emporium/contracts';
import { scrape } from '@emporium/telemetry';
import { v7 as uuid } from 'uuid';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mails, paid1, paid3, placed, registry, reserve } from '../../test/contracts.ts';
import { type FakeTransport, fakeTransport, noted } from '../../test/fake-transport.ts';
import { busErrors, permanent } from '../errors.ts';
import { currentContext, newContext } from '../message/context.ts';
import { maxMessageBytes } from '../message/envelope.ts';
import { createMessage, type Message } from '../message/message.ts';
import { createStreamMessage } from '../message/open-stream.ts';
import { consume, type Run, type Unreadable } from './pipeline.ts';

const data = { orderId: 'o-1', lines: [{ sku: 'TEA' }] };
const message = createMessage('order', placed, data, newContext({ correlationId: 'c-1' }), { id: 'm-1' });
const bytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const changed = (change: object): Uint8Array =>
  bytes({ ...JSON.parse(Buffer.from(message.body).toString()), ...change });

const away = busErrors.broker_away({ broker: 'test' });
const handled: Run = async () => {};
const failing = (error: unknown) => async () => {
  throw error;
};

interface Logged {
  readonly level: 'info' | 'warn' | 'error';
  readonly facts: Record<string, unknown>;
  readonly text: string;
}

interface Options {
  readonly run?: Run;
  readonly onUnreadable?: (unreadable: Unreadable) => Promise<void>;
  readonly probe?: () => Promise<void>;
  readonly random?: () => number;
  readonly transport?: FakeTransport;
}

const start = async ({
  run = handled,
  onUnreadable,
  probe = async () => {},
  random,
  transport = fakeTransport(),
}: Options) => {
  const logged: Logged[] = [];
  const at = (level: Logged['level']) => (facts: object, text: string) => {
    logged.push({ level, facts: { ...facts }, text });
  };
  const consumer = await consume({
    ...{ transport, registry, subscription: mails, handles: [placed, paid3], run, probe },
    limits: { concurrency: 7 },
    log: { info: at('info'), warn: at('warn'), error: at('error') },
    ...(onUnreadable === undefined ? {} : { onUnreadable }),
    ...(random === undefined ? {} : { random }),
  });
  return { consumer, transport, logged };
};

/** Sends one delivery through a new pipeline. */
const through = async (
  body: Uint8Array,
  { attempt = 1, ...options }: Options & { readonly attempt?: number } = {},
) => {
  const seen: Message[] = [];
  const run: Run = async (read, signal) => {
    seen.push(read);
    await (options.run ?? handled)(read, signal);
  };
  const started = await start({ ...options, run });
  const delivery = noted({ body }, { attempt });
  await started.transport.deliver(delivery);
  return { ...started, settled: delivery.settled, seen };
};

describe('a message that cannot be read', () => {
  test('is passed to onUnreadable before it is dead-lettered', async () => {
    const passed: Unreadable[] = [];
    const onUnreadable = async (unreadable: Unreadable) => void passed.push(unreadable);
    const { settled } = await through(bytes('nonsense'), { onUnreadable });
    const reason = { code: 'bus.invalid_message', message: expect.stringContaining('JSON') };
    expect(passed).toEqual([{ id: expect.any(String), reason }]);
    expect(settled).toEqual([expect.objectContaining({ deadLetter: reason })]);
  });

  test('is dead-lettered with the reason of the transport when that could not read it', async () => {
    const passed: Unreadable[] = [];
    const { transport } = await start({ onUnreadable: async (unreadable) => void passed.push(unreadable) });
    const unreadable = { code: 'bus.message_too_big', message: 'of 5 MB' };
    const delivery = noted({ body: bytes('the beginning') });
    await transport.deliver({ ...delivery, unreadable });
    expect(passed).toEqual([{ id: expect.any(String), reason: unreadable }]);
    expect(delivery.settled).toEqual([expect.objectContaining({ deadLetter: unreadable })]);
  });

  test('waits while onUnreadable fails with a fault that pauses, and is dead-lettered afterwards', async () => {
    let calls = 0;
    const onUnreadable = async () => {
      calls += 1;
      if (calls < 3) throw away;
    };
    const { settled } = await through(bytes('nonsense'), { onUnreadable });
    expect(calls).toBe(3);
    expect(settled).toEqual([expect.objectContaining({ deadLetter: expect.anything() })]);
  });

  test('is retried when onUnreadable fails', async () => {
    const { settled } = await through(bytes('nonsense'), { onUnreadable: failing(new Error('no')) });
    expect(settled).toEqual([{ retry: expect.any(Number) }]);
  });
});

describe('a delivery that is handled', () => {
  test('is acked once the run is committed, and not before', async () => {
    const committing = Promise.withResolvers<void>();
    const { transport } = await start({ run: () => committing.promise });
    const delivery = noted(message);
    const delivering = transport.deliver(delivery);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(delivery.settled).toEqual([]);
    committing.resolve();
    await delivering;
    expect(delivery.settled).toEqual(['ack']);
  });

  test('reaches the run as a validated message with the signal of the delivery', async () => {
    const run = vi.fn<Run>(handled);
    const { transport } = await start({ run });
    const delivery = noted({ body: changed({ data: { ...data, more: 1 } }) });
    await transport.deliver(delivery);
    expect(run).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ contract: placed, data, id: 'm-1' }),
      delivery.signal,
    );
  });

  test('reaches the run in the version that is handled when it has an older one', async () => {
    const older = createMessage('order', paid1, { orderId: 'o-1', cents: 5 }, newContext());
    const { seen, settled } = await through(older.body);
    expect(seen[0]).toMatchObject({
      contract: paid3,
      data: { orderId: 'o-1', total: { amount: 5, currency: 'EUR' }, by: 'unknown' },
    });
    expect(settled).toEqual(['ack']);
  });

  test('runs in the context of its message', async () => {
    const run = vi.fn(async () => currentContext());
    await through(message.body, { run: async () => void (await run()) });
    expect(await run.mock.results[0]?.value).toMatchObject({
      correlationId: 'c-1',
      causationId: 'm-1',
      hops: 0,
    });
    expect(currentContext()).toBeUndefined();
  });

  test('is subscribed with the limits of the pipeline', async () => {
    const { transport } = await start({});
    expect(transport.calls).toEqual(['subscribe email.orders 7']);
  });
});

describe('a message that can never work', () => {
  const invalid = (problem: string) => ({
    code: 'bus.invalid_message',
    message: expect.stringContaining(problem),
  });
  test.each<[string, Uint8Array, object]>([
    ['no JSON', bytes('{"id"'), invalid('body: is not JSON')],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe, 0x00), invalid('body: is not JSON')],
    ['no envelope', bytes([1]), invalid('body: is not a JSON object')],
    ['a missing attribute', changed({ source: undefined }), invalid('source: must be a text')],
    [
      'a NUL character',
      changed({ data: { ...data, note: 'A\u0000B' } }),
      invalid('data.note: contains a NUL character'),
    ],
    [
      'an invalid shape',
      changed({ data: { orderId: 'o-1' } }),
      invalid('contract: order.placed, data.lines: '),
    ],
    [
      'a shape that its upcaster does not take',
      changed({ type: 'order.paid', data: { orderId: 'o-1', cents: 'five' } }),
      invalid('contract: order.paid, data.cents: '),
    ],
    [
      'an unknown type',
      changed({ type: 'order.unheard-of' }),
      { code: 'bus.unknown_type', message: expect.stringContaining('type: order.unheard-of') },
    ],
    [
      'a type that this subscription does not handle',
      changed({ type: reserve.type, data: { orderId: 'o-1' } }),
      { code: 'bus.unknown_type', message: expect.stringContaining('type: inventory.reserve') },
    ],
    [
      'a newer version than is handled anywhere',
      changed({ type: 'order.paid.v4' }),
      { code: 'bus.unknown_type', message: expect.stringContaining('type: order.paid.v4') },
    ],
    [
      'too many hops',
      changed({ hops: 33 }),
      { code: 'bus.too_many_hops', message: expect.stringContaining('hops: 33, limit: 32') },
    ],
    [
      'a megabyte of body',
      changed({ data: { ...data, note: 'x'.repeat(1024 * 1024) } }),
      { code: 'bus.message_too_big', message: expect.stringContaining(`limit: ${maxMessageBytes}`) },
    ],
  ])('(%s) is dead-lettered at once with its reason and the original bytes', async (_, body, reason) => {
    const { settled, seen, logged } = await through(body);
    expect(settled).toEqual([{ deadLetter: reason, body }]);
    expect(seen).toEqual([]);
    expect(logged).toMatchObject([
      { facts: { subscription: 'email.orders', messageId: 'delivery-1', attempt: 1 } },
    ]);
  });

  test('is dead-lettered at once when the handler throws a permanent error', async () => {
    const { settled } = await through(message.body, { run: failing(permanent('no such customer')) });
    expect(settled).toEqual([
      {
        deadLetter: { code: 'bus.permanent', message: 'This can never work: why: no such customer' },
        body: message.body,
      },
    ]);
  });

  test('is dead-lettered at once when its handler publishes invalid data', async () => {
    const run: Run = async ({ context }) => {
      createMessage('order', placed, { ...data, orderId: '' }, context);
    };
    const { settled } = await through(message.body, { run });
    expect(settled).toMatchObject([{ deadLetter: { code: 'bus.invalid_message' } }]);
  });
});

describe('a transient error', () => {
  test('is never acked, and waits with backoff for another attempt', async () => {
    const { settled, logged } = await through(message.body, {
      run: failing(new Error('deadlock')),
      attempt: 3,
      random: () => 0.5,
    });
    expect(settled).toEqual([{ retry: 300 }]);
    expect(logged).toMatchObject([
      { level: 'warn', text: 'retry: deadlock', facts: { attempt: 3, delayMs: 300, code: 'handler.failed' } },
    ]);
  });

  test.each([
    ['a text', 'text'],
    ['undefined', undefined],
  ])('may be %s that was thrown', async (_, thrown) => {
    const { settled } = await through(message.body, { run: failing(thrown), random: () => 1 });
    expect(settled).toEqual([{ retry: 100 }]);
  });

  test('is retried in the attempt before the last one', async () => {
    const { settled } = await through(message.body, {
      run: failing(new Error('x')),
      attempt: 5,
      random: () => 1,
    });
    expect(settled).toEqual([{ retry: 1_600 }]);
  });

  test.each([6, 7])('is dead-lettered in attempt %i of 6 with the last error', async (attempt) => {
    const { settled, logged } = await through(message.body, { run: failing(new Error('deadlock')), attempt });
    expect(settled).toEqual([
      {
        deadLetter: {
          code: 'bus.attempts_exhausted',
          message: `Every attempt failed: attempts: ${attempt}, last: deadlock`,
        },
        body: message.body,
      },
    ]);
    expect(logged).toMatchObject([{ level: 'error' }]);
  });
});

describe('a settlement that the broker does not confirm', () => {
  test.each<[string, Run, unknown]>([
    ['an ack', handled, 'ack'],
    ['a retry', failing(new Error('deadlock')), { retry: 75 }],
    ['a dead letter', failing(permanent('never')), { deadLetter: expect.anything(), body: message.body }],
  ])('(%s) adds no attempt and no other settlement: the message is delivered again', async (_, run, only) => {
    const lost = busErrors.broker_away({ broker: 'test' });
    const ran = vi.fn<Run>(run);
    const { transport, logged } = await start({ run: ran, random: () => 0.5 });
    const delivery = noted(message, { answer: () => Promise.reject(lost) });
    await expect(transport.deliver(delivery)).rejects.toBe(lost);
    expect(delivery.settled).toEqual([only]);
    expect(ran).toHaveBeenCalledOnce();
    expect(transport.calls).toEqual(['subscribe email.orders 7']);
    expect(logged.at(-1)?.text).toBe(`not settled, it will be delivered again: ${lost.message}`);
  });

  test('is not counted as an attempt, even in the last one', async () => {
    const { transport } = await start({});
    const delivery = noted(message, {
      attempt: 6,
      answer: () => Promise.reject(new Error('connection reset')),
    });
    await expect(transport.deliver(delivery)).rejects.toThrow('connection reset');
    expect(delivery.settled).toEqual(['ack']);
  });

  test('of an invalid message leads to another delivery', async () => {
    const { transport } = await start({});
    const delivery = noted(
      { body: bytes('{') },
      { answer: () => Promise.reject(new Error('connection reset')) },
    );
    await expect(transport.deliver(delivery)).rejects.toThrow('connection reset');
    expect(delivery.settled).toHaveLength(1);
  });
});

describe('an outage of our database or broker', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A pipeline whose first runs fail. */
  const outage = async (failures: number, options: Options = {}, fault: unknown = away) => {
    let left = failures;
    const run = vi.fn<Run>(async () => {
      left -= 1;
      if (left >= 0) throw fault;
    });
    return { run, ...(await start({ run, ...options })) };
  };

  test('counts no attempt: the message is handled when the probe succeeds, also in its last attempt', async () => {
    const probe = vi.fn<() => Promise<void>>(async () => {});
    probe
      .mockRejectedValueOnce(new Error('still starting'))
      .mockRejectedValueOnce(new Error('still starting'));
    const { transport, logged, run } = await outage(1, { probe });
    const delivery = noted(message, { attempt: 6 });
    const delivering = transport.deliver(delivery);

    await vi.advanceTimersByTimeAsync(99);
    expect([probe.mock.calls.length, transport.calls.at(-1)]).toEqual([0, 'pause']);
    await vi.advanceTimersByTimeAsync(1);
    expect(probe).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(probe).toHaveBeenCalledTimes(2);
    expect(delivery.settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(400);
    await delivering;

    expect(probe).toHaveBeenCalledTimes(3);
    expect(run).toHaveBeenCalledTimes(2);
    expect(delivery.settled).toEqual(['ack']);
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause', 'resume']);
    expect(logged.map(({ text }) => text)).toEqual([`paused, nothing is lost: ${away.message}`, 'resumed']);
  });

  test('pauses the consumer once, however many deliveries wait', async () => {
    const { transport, run } = await outage(3);
    const deliveries = [noted(message), noted(message), noted(message)];
    const delivering = Promise.all(deliveries.map((delivery) => transport.deliver(delivery)));
    await vi.advanceTimersByTimeAsync(100);
    await delivering;
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause', 'resume']);
    expect(deliveries.map(({ settled }) => settled)).toEqual([['ack'], ['ack'], ['ack']]);
    expect(run).toHaveBeenCalledTimes(6);
  });

  test('makes the delivery wait longer each time, so that a probe that succeeds too early makes no busy loop', async () => {
    const probe = vi.fn(async () => {});
    const { transport } = await outage(7, { probe });
    const delivery = noted(message);
    const delivering = transport.deliver(delivery);
    const probed: number[] = [];
    const begun = Date.now();
    probe.mockImplementation(async () => {
      probed.push(Date.now() - begun);
    });
    await vi.runAllTimersAsync();
    await delivering;
    expect(probed).toEqual([100, 300, 700, 1_500, 3_100, 5_100, 7_100]);
    expect(delivery.settled).toEqual(['ack']);
  });

  test('is logged once when it begins and once when it ends', async () => {
    const { transport, logged } = await outage(7);
    const delivering = transport.deliver(noted(message));
    await vi.runAllTimersAsync();
    await delivering;
    expect(logged.map(({ text }) => text)).toEqual([`paused, nothing is lost: ${away.message}`, 'resumed']);
  });

  test('is probed at intervals of at most two seconds', async () => {
    const probed: number[] = [];
    const begun = Date.now();
    const probe = async () => {
      probed.push(Date.now() - begun);
      if (probed.length < 8) throw new Error('away');
    };
    const { transport } = await outage(1, { probe });
    const delivering = transport.deliver(noted(message));
    await vi.runAllTimersAsync();
    await delivering;
    expect(probed).toEqual([100, 300, 700, 1_500, 3_100, 5_100, 7_100, 9_100]);
  });

  test('with a retryAfterMs is not probed earlier', async () => {
    const probe = vi.fn(async () => {});
    const fault = busErrors.broker_away({ retryAfterMs: 30_000 });
    const { transport } = await outage(1, { probe }, fault);
    const delivering = transport.deliver(noted(message));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(probe).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await delivering;
    expect(probe).toHaveBeenCalledOnce();
  });

  test('is followed by the retry policy when the next run fails with another error', async () => {
    const run = vi.fn<Run>().mockRejectedValueOnce(away).mockRejectedValueOnce(new Error('deadlock'));
    const { transport } = await start({ run, random: () => 1 });
    const delivery = noted(message, { attempt: 2 });
    const delivering = transport.deliver(delivery);
    await vi.runAllTimersAsync();
    await delivering;
    expect(delivery.settled).toEqual([{ retry: 200 }]);
  });

  test('that begins during `subscribe` pauses the consumer as soon as there is one', async () => {
    const transport = fakeTransport();
    const delivery = noted(message);
    let delivering: Promise<void> | undefined;
    transport.whileSubscribing = () => {
      delivering = transport.deliver(delivery);
    };
    await outage(1, { transport });
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause']);
    await vi.runAllTimersAsync();
    await delivering;
    expect(delivery.settled).toEqual(['ack']);
    expect(transport.calls.at(-1)).toBe('resume');
  });

  test('is survived when the consumer cannot be paused', async () => {
    const transport = fakeTransport();
    transport.failing.pause.push(new Error('channel closed'));
    const { logged } = await outage(2, { transport });
    const [one, other] = [noted(message), noted(message)];
    const delivering = [transport.deliver(one)];
    await vi.advanceTimersByTimeAsync(50);
    delivering.push(transport.deliver(other)); // a delivery that arrives in spite of the pause waits as well
    await vi.advanceTimersByTimeAsync(50);
    await Promise.all(delivering);
    expect([one.settled, other.settled]).toEqual([['ack'], ['ack']]);
    expect(logged.map(({ text }) => text)).toContain('the consumer could not be paused: channel closed');
  });

  test('ends only when the consumer could be resumed', async () => {
    const transport = fakeTransport();
    transport.failing.resume.push(new Error('channel closed'));
    const { logged } = await outage(1, { transport });
    const delivery = noted(message);
    const delivering = transport.deliver(delivery);
    await vi.advanceTimersByTimeAsync(100);
    expect(delivery.settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    await delivering;
    expect(delivery.settled).toEqual(['ack']);
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause', 'resume', 'resume']);
    expect(logged.map(({ text }) => text)).toEqual([`paused, nothing is lost: ${away.message}`, 'resumed']);
  });

  test('that begins again pauses again', async () => {
    const run = vi.fn<Run>().mockRejectedValueOnce(away).mockResolvedValueOnce().mockRejectedValueOnce(away);
    const { transport } = await start({ run });
    for (const delivery of [noted(message), noted(message)]) {
      const delivering = transport.deliver(delivery);
      await vi.advanceTimersByTimeAsync(100);
      await delivering;
      expect(delivery.settled).toEqual(['ack']);
    }
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause', 'resume', 'pause', 'resume']);
  });

  test('leaves the consumer paused when its owner paused it in the meantime', async () => {
    const { transport, consumer } = await outage(1);
    const delivery = noted(message);
    const delivering = transport.deliver(delivery);
    await vi.advanceTimersByTimeAsync(50);
    await consumer.pause();
    await vi.advanceTimersByTimeAsync(50);
    await delivering;
    expect(delivery.settled).toEqual(['ack']);
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause', 'pause']);
    await consumer.resume();
    expect(transport.calls.at(-1)).toBe('resume');
  });

  test('keeps the consumer paused when its owner resumes it in the meantime', async () => {
    const { transport, consumer } = await outage(1);
    const delivering = transport.deliver(noted(message));
    await vi.advanceTimersByTimeAsync(50);
    await consumer.resume();
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause']);
    await vi.advanceTimersByTimeAsync(50);
    await delivering;
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause', 'resume']);
  });

  test('leaves waiting deliveries un-acked when the consumer stops, without another run or probe', async () => {
    const probe = vi.fn(() => Promise.reject(new Error('away')));
    const { transport, consumer, run } = await outage(Number.POSITIVE_INFINITY, { probe });
    const delivery = noted(message);
    const delivering = transport.deliver(delivery);
    await vi.advanceTimersByTimeAsync(100);
    expect(probe).toHaveBeenCalledOnce();
    await consumer.stop({ timeoutMs: 50 });
    await delivering;
    expect(vi.getTimerCount()).toBe(0);
    await vi.runAllTimersAsync();
    expect(delivery.settled).toEqual([]);
    expect([run.mock.calls.length, probe.mock.calls.length]).toEqual([1, 1]);
    expect(transport.calls).toEqual(['subscribe email.orders 7', 'pause', 'stop {"timeoutMs":50}']);
  });

  test('does not wait for a probe that hangs when the consumer stops', async () => {
    const { transport, consumer } = await outage(1, { probe: () => new Promise(() => {}) });
    const delivery = noted(message);
    const delivering = transport.deliver(delivery);
    await vi.advanceTimersByTimeAsync(100);
    await consumer.stop();
    await delivering;
    expect(delivery.settled).toEqual([]);
  });

  test('that begins while the consumer stops leaves the delivery un-acked at once', async () => {
    const { transport, consumer, run } = await outage(Number.POSITIVE_INFINITY);
    await consumer.stop();
    const delivery = noted(message);
    await transport.deliver(delivery);
    expect(delivery.settled).toEqual([]);
    expect(run).toHaveBeenCalledOnce();
  });

  test('leaves no listener behind, however often a delivery waits', async () => {
    const added = vi.spyOn(AbortSignal.prototype, 'addEventListener');
    const removed = vi.spyOn(AbortSignal.prototype, 'removeEventListener');
    const { transport } = await outage(3);
    const delivering = transport.deliver(noted(message));
    await vi.runAllTimersAsync();
    await delivering;
    const listeners = added.mock.calls.map(([, listener]) => listener);
    expect(listeners).toHaveLength(6);
    expect(listeners.filter((one) => removed.mock.calls.every(([, other]) => one !== other))).toEqual([]);
    vi.restoreAllMocks();
  });

  test('leaves a delivery un-acked whose signal is aborted while it waits', async () => {
    const { transport } = await outage(1);
    const stopping = new AbortController();
    const [aborted, other] = [noted(message, { signal: stopping.signal }), noted(message)];
    const delivering = [transport.deliver(aborted), transport.deliver(other)];
    await vi.advanceTimersByTimeAsync(50);
    stopping.abort();
    await delivering[0];
    await vi.runAllTimersAsync();
    await delivering[1];
    expect([aborted.settled, other.settled]).toEqual([[], ['ack']]);
  });
});

test('the age of a message is measured, but not that of an open stream, whose time is that of a sensor', async () => {
  const deliver = async (name: string, handles: readonly Contract[], body: Uint8Array) => {
    const transport = fakeTransport();
    await consume({
      ...{ transport, registry: shop, subscription: { ...mails, name }, handles, run: handled },
      ...{ probe: async () => {}, limits: { concurrency: 1 } },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    const delivery = noted({ body });
    await transport.deliver(delivery);
    expect(delivery.settled).toEqual(['ack']);
  };
  const reading = { sensor_id: 1, location: 'Tokyo', timestamp: 1, temperature: 21.5, humidity: 55.2 };
  await deliver('ages.stream', [sensorData], createStreamMessage(sensorData, reading).body);
  const started = { orderId: uuid(), customerId: uuid(), total: { amount: 1, currency: 'EUR' as const } };
  await deliver(
    'ages.orders',
    [orderCompleted],
    createMessage('order', orderCompleted, started, newContext()).body,
  );
  const { text } = await scrape();
  expect(text).toMatch(/^emporium_message_age_seconds_count\{.*"ages.orders".*\} 1$/m);
  expect(text).not.toMatch(/^emporium_message_age_seconds.*"ages.stream"/m);
});

test('a subscription that cannot be made is not measured any longer', async () => {
  const subscription = { ...mails, name: 'email.refused' };
  const refused = async () => {
    expect((await scrape()).text).toContain('email.refused');
    throw away;
  };
  const starting = consume({
    ...{ transport: { ...fakeTransport(), subscribe: refused }, registry, subscription },
    ...{ handles: [placed, paid3], run: handled, probe: async () => {}, limits: { concurrency: 1 } },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  await expect(starting).rejects.toBe(away);
  expect((await scrape()).text).not.toContain('email.refused');
});

describe('a delivery whose signal is aborted while it runs', () => {
  test.each<[string, unknown]>([
    ['an error', new Error('aborted')],
    ['a permanent error', permanent('never')],
    ['a fault that pauses', away],
  ])('is left un-acked after %s', async (_, error) => {
    const stopping = new AbortController();
    const run: Run = async () => {
      stopping.abort();
      throw error;
    };
    const { transport } = await start({ run });
    const delivery = noted(message, { signal: stopping.signal });
    await transport.deliver(delivery);
    expect(delivery.settled).toEqual([]);
    expect(transport.calls).toEqual(['subscribe email.orders 7']);
  });

  test('is acked when it was committed nevertheless', async () => {
    const stopping = new AbortController();
    const { transport } = await start({ run: async () => stopping.abort() });
    const delivery = noted(message, { signal: stopping.signal });
    await transport.deliver(delivery);
    expect(delivery.settled).toEqual(['ack']);
  });
});
