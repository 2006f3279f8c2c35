import { expect, test } from 'vitest';
import type { Invocation } from '../run-command.ts';
import { sagas } from './command.ts';
import type { SagaDetail } from './views.ts';

const id = '019b0000-0000-7000-8000-000000000001';
const at = (ms: number) => new Date(Date.now() + ms).toISOString();

const detail: SagaDetail = {
  ...{ saga: 'fulfilment', id, orderId: id, state: 'parked', step: 'capture' },
  tries: { made: 6, of: 6 },
  parked: { step: 'capture', reason: 'no reply to 6 commands\u001b[31m' },
  startedAt: at(-180_000),
  correlationId: 'c1',
  steps: [
    { step: 'dispatch', status: 'done', attempt: 1, byHand: true },
    { step: 'capture', status: 'running', attempt: 3, byHand: false },
  ],
  pending: { step: 'capture', command: 'command' },
  compensationOrder: [],
  possible: [
    { action: 'retry', isPossible: true },
    { action: 'compensate', isPossible: false, reason: 'dispatch has happened' },
    { action: 'resolve', outcome: 'done', isPossible: true },
    { action: 'resolve', outcome: 'abandoned', isPossible: false, reason: 'it has a pivot' },
  ],
  actions: [{ action: 'retry', by: 'u1', note: 'once more', at: '2026-01-01T00:00:00.000Z' }],
};

/** Runs a subcommand against a shop that answers this. */
const run = async (name: string, invocation: Partial<Invocation>, status = 200, body: unknown = {}) => {
  const lines: string[] = [];
  const requests: unknown[] = [];
  const outcome = await sagas.subcommands[name]?.run({
    ...{ positionals: [], values: {}, json: false, signal: AbortSignal.timeout(1_000) },
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

test('list passes its options on, and prints a table with deadlines', async () => {
  const { startedAt } = detail;
  const overdue = { at: at(-180_000), isOverdue: true, next: 'resend' };
  const body = {
    sagas: [
      { ...detail, deadline: overdue, parked: undefined, state: 'running', startedAt },
      { ...detail, deadline: { ...overdue, at: at(12_400) } },
    ],
    next: '/api/admin/sagas?after=x',
  };
  const values = { 'older-than': '10m', state: 'parked' };
  const { lines, requests } = await run('list', { values }, 200, body);
  expect(requests).toEqual([['GET', '/api/admin/sagas?olderThan=10m&state=parked']]);
  expect(lines).toEqual([
    'saga        id                                    state    step     tries  deadline         age  why parked',
    `fulfilment  ${id}  running  capture    6/6  overdue 3 min  3 min`,
    `fulfilment  ${id}  parked   capture    6/6  in 12 s        3 min  no reply to 6 commands [31m`,
    'there are more: use --limit',
  ]);
});

test.each([
  ['3000', 3, []],
  ['2500', 3, []],
  ['1500', 2, ['there are more: use --limit']],
])('list --limit %s follows the pages of the shop', async (limit, pages, more) => {
  const all = Array.from({ length: 2_500 }, () => detail);
  const requests: string[] = [];
  const lines: string[] = [];
  await sagas.subcommands['list']?.run({
    ...{ positionals: [], json: false, signal: AbortSignal.timeout(1_000) },
    values: { state: 'parked', limit },
    print: (line) => void lines.push(line),
    client: {
      request: async (_method, path) => {
        requests.push(path);
        const query = new URL(path, 'http://shop').searchParams;
        const from = Number(query.get('after') ?? 0);
        const to = from + Math.min(1_000, Number(query.get('limit')));
        query.set('after', String(to));
        const next = to < all.length ? { next: `/api/admin/sagas?${query}` } : {};
        return { status: 200, body: { sagas: all.slice(from, to), ...next } };
      },
    },
  });
  expect(requests).toHaveLength(pages);
  expect(lines).toHaveLength(1 + Math.min(2_500, Number(limit)) + more.length);
  expect(lines.filter((line) => line.startsWith('there are'))).toEqual(more);
});

test('list says that there are none', async () => {
  expect((await run('list', {}, 200, { sagas: [] })).lines).toEqual(['there are none']);
});

test('show prints the steps, why the saga is parked, what can be done and what was done', async () => {
  const { lines, requests } = await run('show', { positionals: [id] }, 200, detail);
  expect(requests).toEqual([['GET', `/api/admin/sagas/${id}`]]);
  expect(lines).toEqual([
    `fulfilment ${id}: parked, started 3 min ago (correlation c1)`,
    '',
    '  step      status        attempt',
    '  dispatch  done by hand        1',
    '  capture   running             3',
    '',
    'parked at capture: no reply to 6 commands [31m',
    'next: an administrator acts, or a late reply continues it',
    'would be compensated: nothing',
    '',
    'possible: retry, resolve',
    'not possible: compensate, dispatch has happened',
    'not possible: resolve --outcome abandoned, it has a pivot',
    '2026-01-01T00:00:00.000Z retry by u1: once more',
  ]);
});

test('show says what happens at the deadline', async () => {
  const { parked: _, ...running } = detail;
  const deadline = { at: at(12_400), isOverdue: false, next: 'park' };
  const body = { ...running, state: 'running', deadline, refusal: 'card expired' };
  const { lines } = await run('show', { positionals: [id] }, 200, body);
  expect(lines).toContain(
    'next: a reply about capture (command, sent 6 of 6 times), or the saga is parked (in 12 s); refused: card expired',
  );
  expect(lines).toContain('possible: nothing, only a parked saga is repaired');
});

test.each([
  ['retry', {}, {}],
  ['retry', { note: 'n' }, { note: 'n' }],
  ['compensate', { note: 'n' }, { note: 'n' }],
  ['resolve', { note: 'n' }, { note: 'n' }],
  ['resolve', { note: 'n', outcome: 'abandoned' }, { note: 'n', outcome: 'abandoned' }],
])('%s sends %j', async (name, values, body) => {
  const answer = { saga: 'fulfilment', id, state: 'running' };
  const { lines, requests } = await run(name, { positionals: [id], values }, 202, answer);
  expect(requests).toEqual([['POST', `/api/admin/sagas/${id}/${name}`, body]]);
  expect(lines).toEqual([`fulfilment ${id} is running`]);
});

test('--json prints the answer of the shop', async () => {
  const { lines } = await run('show', { positionals: [id], json: true }, 200, detail);
  expect(JSON.parse(lines.join('\n'))).toEqual(JSON.parse(JSON.stringify(detail)));
});

test('what is refused ends with exit code 1 and the reason; a missing note with 64', async () => {
  const refused = { detail: 'retry is not possible: the saga is completed, not parked.' };
  await expect(run('retry', { positionals: [id] }, 409, refused)).rejects.toMatchObject({
    message: refused.detail,
    exitCode: 1,
  });
  await expect(run('resolve', { positionals: [id] })).rejects.toMatchObject({
    message: expect.stringMatching(/^--note is missing/),
    exitCode: 64,
  });
});
