import { expect, test } from 'vitest';
import type { Invocation } from '../run-command.ts';
import { webhooks } from './command.ts';

const id = '019b0000-0000-7000-8000-000000000001';
const webhook = {
  ...{ id, url: 'https://hooks.example/', events: ['order.completed', 'order.refunded'] },
  ...{ enabled: true, deliveries: { pending: 3, failed: 12 }, createdAt: '2026-11-01T12:00:00.000Z' },
};
const delivery = {
  ...{ id: 'd1', type: 'order.completed', status: 'pending', attempts: 2 },
  ...{ createdAt: '2026-11-01T12:00:00.000Z', nextAttemptAt: '2026-11-01T12:05:00.000Z' },
  ...{ lastStatus: 500, lastReason: 'it answered 500' },
};

/** Runs a subcommand against a shop that answers this. */
const run = async (name: string, invocation: Partial<Invocation>, body: unknown = {}, status = 200) => {
  const lines: string[] = [];
  const requests: unknown[] = [];
  const outcome = await webhooks.subcommands[name]?.run({
    ...{ positionals: [id], values: {}, json: false, signal: AbortSignal.timeout(1_000) },
    print: (line) => void lines.push(line),
    client: {
      request: async (...request) => {
        requests.push(request);
        return { status, body };
      },
    },
    ...invocation,
  });
  return { outcome, lines, requests };
};

test('list prints a table, or that there are none', async () => {
  const failing = { ...webhook, failingSince: webhook.createdAt, events: 'all' };
  const { lines } = await run('list', {}, { webhooks: [webhook, failing, { ...webhook, enabled: false }] });
  expect(lines).toEqual([
    'id                                    state     pending  failed  url                     events',
    `${id}  enabled         3      12  https://hooks.example/  order.completed, order.refunded`,
    `${id}  failing         3      12  https://hooks.example/  all`,
    `${id}  disabled        3      12  https://hooks.example/  order.completed, order.refunded`,
  ]);
  expect((await run('list', {}, { webhooks: [] })).lines).toEqual(['there are none']);
});

test('add sends the types, and prints the secret', async () => {
  const { lines, requests } = await run(
    'add',
    { positionals: ['https://hooks.example'], values: { events: 'order.completed, order.refunded' } },
    { ...webhook, secret: 'whsec_abc' },
    201,
  );
  const body = { url: 'https://hooks.example', events: ['order.completed', 'order.refunded'] };
  expect(requests).toEqual([['POST', '/api/admin/webhooks', body]]);
  expect(lines).toEqual([`${id} is registered`, 'whsec_abc is its secret: it is not shown again']);
});

test('add without types is a wrong argument', async () =>
  expect(run('add', { positionals: ['https://hooks.example'] })).rejects.toMatchObject({ exitCode: 64 }));

test('what the shop refuses is said as it says it', async () => {
  const detail = 'url must begin with https:';
  await expect(run('add', { values: { events: 'all' } }, { detail }, 422)).rejects.toThrow(detail);
});

test('show prints how the webhook does, and what was done to it', async () => {
  const disabled = { at: '2026-11-06T12:00:00.000Z', reason: 'every attempt failed for 5 days\u001b[31m' };
  const change = { at: disabled.at, userId: 'bridge', action: 'disabled-by-bridge', details: {} };
  const { lines } = await run('show', {}, { ...webhook, enabled: false, disabled, changes: [change] });
  expect(lines).toEqual([
    `${id} disabled: https://hooks.example/`,
    '  events: order.completed, order.refunded',
    '  3 deliveries pending, 12 failed',
    '  disabled at 2026-11-06T12:00:00.000Z: every attempt failed for 5 days [31m',
    '',
    'at                        who     what                details',
    '2026-11-06T12:00:00.000Z  bridge  disabled-by-bridge  {}',
  ]);
});

test('deliveries passes its options on, and prints a table', async () => {
  const { lines, requests } = await run(
    'deliveries',
    { values: { status: 'pending' } },
    { deliveries: [delivery], next: 'x' },
  );
  expect(requests).toEqual([['GET', `/api/admin/webhooks/${id}/deliveries?status=pending`]]);
  expect(lines).toEqual([
    'id  at                        type             status   attempts  next                      last answer',
    'd1  2026-11-01T12:00:00.000Z  order.completed  pending         2  2026-11-01T12:05:00.000Z  it answered 500',
    'there are more: use --limit',
  ]);
});

test('delivery prints the attempts and the payload', async () => {
  const history = [
    { at: delivery.createdAt, durationMs: 12, status: 500, reason: 'it answered 500', snippet: 'no' },
  ];
  const { lines } = await run(
    'delivery',
    { positionals: ['d1'] },
    { ...delivery, history, payload: { type: 'a' } },
  );
  expect(lines).toEqual([
    'd1 order.completed: pending after 2 attempts',
    '',
    'at                        ms  status  reason           answer',
    '2026-11-01T12:00:00.000Z  12  500     it answered 500  no',
    '',
    '{"type":"a"}',
  ]);
});

test('a test that does not arrive fails', async () => {
  const failed = { outcome: 'failed', durationMs: 7, reason: 'the connection was refused (ECONNREFUSED)' };
  expect(await run('test', {}, failed)).toMatchObject({
    outcome: 'failed',
    lines: ['failed in 7 ms: the connection was refused (ECONNREFUSED)'],
  });
  expect((await run('test', {}, { outcome: 'delivered', durationMs: 7, status: 204 })).outcome).toBe('done');
});

test.each<[string, Partial<Invocation>, unknown[], unknown, string]>([
  [
    'enable',
    {},
    ['PUT', `/api/admin/webhooks/${id}`, { enabled: true }],
    webhook,
    `${id} is enabled; 3 deliveries are pending`,
  ],
  [
    'disable',
    {},
    ['PUT', `/api/admin/webhooks/${id}`, { enabled: false }],
    webhook,
    `${id} is disabled; 3 deliveries are pending`,
  ],
  ['remove', {}, ['DELETE', `/api/admin/webhooks/${id}`], {}, `${id} is removed`],
  [
    'resend',
    { positionals: ['d1'] },
    ['POST', '/api/admin/webhooks/deliveries/d1/resend'],
    delivery,
    'd1 is sent again',
  ],
  [
    'resend-all',
    { values: { since: '2026-11-01T00:00:00Z' } },
    ['POST', `/api/admin/webhooks/${id}/resend`, { since: '2026-11-01T00:00:00Z' }],
    { resent: 4, isLimited: false },
    '4 deliveries are sent again',
  ],
  [
    'rotate-secret',
    {},
    ['POST', `/api/admin/webhooks/${id}/rotate-secret`],
    { ...webhook, secret: 'whsec_new', previousSecretUntil: '2026-11-02T12:00:00.000Z' },
    'whsec_new is its secret: it is not shown again',
  ],
])('%s sends its request, and says what was done', async (name, invocation, request, body, line) => {
  const { lines, requests } = await run(name, invocation, body);
  expect(requests).toEqual([request]);
  expect(lines[0]).toBe(line);
});

test.each([true, false])(
  'resend-all goes on with the next page until there is none (--json: %s)',
  async (json) => {
    const pages = [
      { resent: 10_000, isLimited: true, next: 'd1' },
      { resent: 4, isLimited: false },
    ];
    const bodies: unknown[] = [];
    const request = async (_method: string, _path: string, body?: object) => {
      bodies.push(body);
      return { status: 200, body: pages[bodies.length - 1] };
    };
    const since = '2026-11-01T00:00:00Z';
    const { lines } = await run('resend-all', { json, values: { since }, client: { request } });
    expect(bodies).toEqual([{ since }, { since, after: 'd1' }]);
    if (json) expect(JSON.parse(lines.join('\n'))).toEqual({ resent: 10_004, isLimited: false });
    else
      expect(lines).toEqual([
        '10000 deliveries are sent again; there may be more',
        '4 deliveries are sent again',
      ]);
  },
);

test('with --json the answer is printed as it is', async () => {
  const { lines } = await run('show', { json: true }, { ...webhook, changes: [] });
  expect(JSON.parse(lines.join('\n'))).toEqual({ ...webhook, changes: [] });
});
