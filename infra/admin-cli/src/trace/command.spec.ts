import { expect, test } from 'vitest';
import type { Invocation } from '../run-command.ts';
import type { TraceAnswer } from './answers.ts';
import { trace } from './command.ts';
import { durationText, traceLines } from './trace-lines.ts';

const kept = { shed: 0, lost: 0, dropped: 0 };

const span = (changes: Partial<TraceAnswer['traces'][number]['spans'][number]>) => ({
  ...{ spanId: 'b7ad6b7169203331', depth: 0, kind: 'request', service: 'order', name: 'POST /api/orders' },
  ...{ offsetMs: 0, durationMs: 9.25, status: 'ok' as const, attributes: {} },
  ...changes,
});

const answer: TraceAnswer = {
  traces: [
    {
      ...{
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        start: '2026-11-29T17:00:00.000Z',
        durationMs: 2_032,
      },
      ...{ errors: 1, leftOut: 3 },
      spans: [
        span({ attributes: { 'http.response.status_code': 202 } }),
        span({
          ...{
            depth: 1,
            kind: 'retry',
            service: 'email-worker',
            name: 'process order.confirmed',
            offsetMs: 12,
          },
          ...{ status: 'error', error: 'the server is away' },
          attributes: {
            'emporium.settlement': 'retry',
            'emporium.attempt': 2,
            'emporium.delay_ms': 2_000,
            'error.type': 'email.away',
          },
        }),
        span({ depth: 2, kind: 'transaction', name: 'transaction order', sharedWith: 3, offsetMs: 2_030 }),
        span({ depth: 1, kind: 'other', name: 'late\u001b[2J', parentMissing: true }),
      ],
    },
  ],
  deadLetters: [
    {
      ...{ id: '01', subscription: 'email.orders', type: 'order.confirmed', status: 'open' },
      reason: { code: 'email.away', message: 'the server is away' },
    },
  ],
  kept,
};

test('a trace is a tree with times, services, errors and what is shared or missing', () => {
  expect(traceLines(answer, false)).toEqual([
    'trace 4bf92f3577b34da6a3ce929d0e0e4736, 2026-11-29T17:00:00.000Z: 4 spans in 2 services, 2.03 s, 1 with errors',
    '   +0.0 ms     9.3 ms  order         POST /api/orders  202',
    '    +12 ms     9.3 ms  email-worker    process order.confirmed  retry  attempt 2, again after 2.00 s  error email.away: the server is away',
    '   +2.03 s     9.3 ms  order             transaction order  shared with 3 other messages',
    '   +0.0 ms     9.3 ms  order           late [2J  what it follows from was not recorded, or is not kept',
    '3 more spans are left out',
    '',
    'dead letter 01 of email.orders, order.confirmed, open: email.away: the server is away',
  ]);
});

test('colours do not change the text, and no text of a span reaches the terminal as it is', () => {
  const coloured = traceLines(answer, true).join('\n');
  expect(coloured).toContain('\u001b[31m');
  expect(coloured).not.toContain('\u001b[2J');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(traceLines(answer, false).join('\n'));
});

test.each([
  [0.04, '0.0 ms'],
  [9.96, '10.0 ms'],
  [12.4, '12 ms'],
  [1_000, '1.00 s'],
])('%d ms is written as %s', (ms, text) => expect(durationText(ms)).toBe(text));

const run = async (positionals: string[], values: Invocation['values']) => {
  const paths: string[] = [];
  const lines: string[] = [];
  await trace.run({
    ...{ positionals, values, json: false, signal: AbortSignal.timeout(10_000) },
    print: (line) => void lines.push(line),
    client: {
      request: async (_method, path) => {
        paths.push(path);
        return { status: 200, body: path.startsWith('/api/admin/traces?') ? { traces: [], kept } : answer };
      },
    },
  });
  return { path: paths[0], lines };
};

test.each([
  [['a b'], {}, '/api/admin/trace/a%20b'],
  [[], { trace: '4bf9' }, '/api/admin/traces/4bf9'],
  [['5'], { last: true }, '/api/admin/traces?limit=5'],
])('%j with %j asks for %s', async (positionals, values, path) => {
  expect((await run(positionals, values)).path).toBe(path);
});

test.each([
  [[], {}],
  [['a'], { trace: 'b' }],
  [[], { trace: 'b', last: true }],
])('%j with %j is a wrong argument', async (positionals, values) => {
  await expect(run(positionals, values)).rejects.toMatchObject({ exitCode: 64 });
});

test('an empty list says how long spans are kept', async () => {
  expect((await run(['5'], { last: true })).lines).toEqual([
    'There are no traces; spans are kept for an hour.',
  ]);
});
