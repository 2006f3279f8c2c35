import { expect, test } from 'vitest';
import { hasProblems, headline } from './headline.ts';
import type { ProcessReport, Report } from './report.ts';

const at = '2026-11-29T14:06:00.000Z';
const since = '2026-11-29T14:03:12.000Z';

const process = (name: string, more: Partial<ProcessReport> = {}): ProcessReport => ({
  name,
  state: 'ready',
  since,
  failing: [],
  waiting: [],
  ...more,
});

const shop = (processes: readonly ProcessReport[], more: Partial<Report> = {}): Report => ({
  at,
  processes,
  servers: [],
  paused: [],
  ...more,
});

const messages = (count: number, oldestSeconds?: number) =>
  ({
    kind: 'messages to handle',
    count,
    ...(oldestSeconds === undefined ? {} : { oldestSeconds }),
  }) as const;

test('all services work', () => {
  const report = shop([process('order'), process('email')]);
  expect(headline(report)).toBe('All services work.');
  expect(hasProblems(report)).toBe(false);
});

test('a short backlog is no problem', () => {
  expect(headline(shop([process('order', { waiting: [messages(40, 59)] })]))).toBe('All services work.');
});

test('a service that is away, with what waits for it', () => {
  const report = shop([process('order'), process('email', { state: 'away', waiting: [messages(12)] })]);
  expect(headline(report)).toBe('email has not answered since 14:03 UTC: 12 messages wait.');
  expect(hasProblems(report)).toBe(true);
});

test('a worker that is away, with its tasks', () => {
  const worker = process('email-worker', { state: 'away', waiting: [{ kind: 'tasks to run', count: 1 }] });
  expect(headline(shop([worker]))).toBe('email-worker has not answered since 14:03 UTC: 1 task waits.');
});

test('several that are away, since the first of them, on another day', () => {
  const away = ['order', 'payment', 'email', 'loyalty'].map((name, index) =>
    process(name, { state: 'away', since: `2026-11-2${8 - (index % 2)}T23:59:00.000Z` }),
  );
  expect(headline(shop(away))).toBe(
    'order, payment and 2 others have not answered since 2026-11-27 23:59 UTC.',
  );
});

test('a server that nobody can reach comes first, and the others follow', () => {
  const report = shop(
    [
      process('order', { state: 'not-ready', failing: ['database', 'order.replies'] }),
      process('email', { state: 'degraded', failing: ['broker'] }),
    ],
    { servers: [{ name: 'bus', state: 'away', awayFor: ['email'], users: 1 }] },
  );
  expect(headline(report)).toBe(
    'The bus cannot be reached; order has not been ready since 14:03 UTC (database and order.replies); email has been degraded since 14:03 UTC (broker).',
  );
});

test('a service that answers with something else', () => {
  expect(headline(shop([process('email', { state: 'unknown' })]))).toBe(
    'email has not told its state since 14:03 UTC.',
  );
});

test('no more than three problems are named', () => {
  const processes = ['a', 'b', 'c', 'd', 'e'].map((name) => process(name, { state: 'not-ready' }));
  expect(headline(shop(processes))).toMatch(/^a has not been ready .*; there are 2 more problems\.$/);
});

test('a backlog that is old', () => {
  const waiting = [{ kind: 'messages to publish', count: 120, oldestSeconds: 185 }] as const;
  expect(headline(shop([process('order', { waiting })]))).toBe(
    'order has 120 messages to publish, the oldest for 3 min.',
  );
});

test('a paused subscription is no problem, and neither are the messages that wait for it', () => {
  const report = shop([process('email', { waiting: [messages(9, 7_200)] })], {
    paused: [{ subscription: 'email.orders', process: 'email', since }],
  });
  expect(headline(report)).toBe('All services work; email.orders is paused.');
  expect(hasProblems(report)).toBe(false);
});

test('open dead letters', () => {
  const waiting = [{ kind: 'open dead letters', count: 2 }] as const;
  expect(headline(shop([process('operations', { waiting })]))).toBe(
    'All services work; 2 dead letters are open.',
  );
});
