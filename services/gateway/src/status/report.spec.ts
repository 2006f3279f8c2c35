import { shop } from '@emporium/contracts';
import type { ProcessDetails } from '@emporium/service';
import { expect, test } from 'vitest';
import type { Observation } from './observations.ts';
import { createReport } from './report.ts';

const since = new Date('2026-11-29T14:03:00.000Z');
const figure = (name: string, value: number, labels: Record<string, string> = {}) => ({
  name,
  labels,
  value,
});

const details = (more: Partial<ProcessDetails> = {}): ProcessDetails => ({
  version: '0.1.0',
  startedAt: '2026-11-29T12:00:00.000Z',
  status: 'ready',
  checks: {},
  figures: [],
  errors: [],
  ...more,
});

const observation = (name: string, more: Partial<Observation> = {}): Observation => ({
  name,
  state: 'ready',
  since,
  details: details(),
  ...more,
});

const report = (observations: readonly Observation[], forAdministrators = false) =>
  createReport(observations, {
    at: since,
    registry: shop,
    workers: new Map([['email-worker', 'email']]),
    forAdministrators,
  });

const queue = (subscription: string, value: number) =>
  figure('emporium_queue_messages', value, {
    messaging_system: 'postgresql',
    messaging_destination_subscription_name: subscription,
  });
const queueAge = (subscription: string, value: number) =>
  figure('emporium_queue_oldest_age_seconds', value, {
    messaging_destination_subscription_name: subscription,
  });
const tasks = (state: string, value: number) =>
  figure('emporium_tasks', value, { emporium_task_name: 'email.send', emporium_task_state: state });

test('what waits for a service that is away is known from operations, and its own figures are not shown', () => {
  const figures = [
    queue('email.orders', 9),
    queue('email.welcome', 3),
    queueAge('email.orders', 70.4),
    queue('order.replies', 0),
  ];
  const { processes } = report([
    observation('operations', { details: details({ figures }) }),
    observation('email', {
      state: 'away',
      details: details({ figures: [figure('emporium_outbox_messages', 5)] }),
    }),
    observation('order'),
  ]);
  expect(processes.map(({ name, waiting }) => [name, waiting])).toEqual([
    ['email', [{ kind: 'messages to handle', count: 12, oldestSeconds: 70 }]],
    ['operations', []],
    ['order', []],
  ]);
});

test('the tasks of a service wait for its worker, and are counted once', () => {
  const figures = [tasks('waiting', 4), tasks('active', 1), tasks('delayed', 2), tasks('failed', 1)];
  const email = observation('email', { details: details({ figures }) });
  const expected = [
    { kind: 'tasks to run', count: 5 },
    { kind: 'delayed tasks', count: 2 },
    { kind: 'failed tasks', count: 1 },
  ];
  const away = report([email, observation('email-worker', { state: 'away' })]);
  expect(away.processes.map(({ waiting }) => waiting)).toEqual([[], expected]);
  const both = report([email, observation('email-worker', { details: details({ figures }) })]);
  expect(both.processes.map(({ waiting }) => waiting)).toEqual([[], expected]);
});

test('a service shows its outbox, its projections, overdue sagas and open dead letters', () => {
  const figures = [
    figure('emporium_outbox_messages', 7),
    figure('emporium_outbox_oldest_age_seconds', 12),
    figure('emporium_projection_lag_events', 2, { emporium_projection_name: 'a' }),
    figure('emporium_projection_lag_events', 3, { emporium_projection_name: 'b' }),
    figure('emporium_projection_lag_seconds', 4, { emporium_projection_name: 'a' }),
    figure('emporium_projection_lag_seconds', 1, { emporium_projection_name: 'b' }),
    figure('emporium_sagas_overdue', 1),
    figure('emporium_dead_letters', 2, { emporium_dead_letter_status: 'open' }),
    figure('emporium_dead_letters', 50, { emporium_dead_letter_status: 'replayed' }),
  ];
  expect(report([observation('order', { details: details({ figures }) })]).processes[0]?.waiting).toEqual([
    { kind: 'messages to publish', count: 7, oldestSeconds: 12 },
    { kind: 'events to project', count: 5, oldestSeconds: 4 },
    { kind: 'overdue saga steps', count: 1 },
    { kind: 'open dead letters', count: 2 },
  ]);
});

const troubled = observation('email', {
  state: 'not-ready',
  details: details({
    status: 'not-ready',
    checks: {
      database: { status: 'failed', reason: 'secret database text' },
      broker: { status: 'ok' },
      'email.orders': {
        status: 'paused',
        since: '2026-11-29T13:00:00.000Z',
        by: 'user-1',
        reason: 'secret pause text',
      },
    },
    errors: [{ time: '2026-11-29T13:59:00.000Z', message: 'secret error text', correlationId: 'c1' }],
  }),
});

test('texts, reasons and user ids are for administrators', () => {
  const forEverybody = report([troubled]);
  expect(JSON.stringify(forEverybody)).not.toMatch(/secret|user-1|c1/);
  expect(forEverybody).toMatchObject({
    processes: [{ name: 'email', state: 'not-ready', failing: ['database'] }],
    paused: [{ subscription: 'email.orders', process: 'email', since: '2026-11-29T13:00:00.000Z' }],
  });
  expect(report([troubled], true)).toMatchObject({
    processes: [
      { reasons: { database: 'secret database text' }, errors: [{ message: 'secret error text' }] },
    ],
    paused: [{ by: 'user-1', reason: 'secret pause text' }],
  });
});

test('a process that is away keeps its version and last errors, but not its checks', () => {
  const [away] = report([{ ...troubled, state: 'away', reason: 'no answer within 2000 ms' }], true).processes;
  expect(away).toMatchObject({
    state: 'away',
    version: '0.1.0',
    failing: [],
    reasons: { answer: 'no answer within 2000 ms' },
    errors: [{ message: 'secret error text' }],
  });
  expect(away).not.toHaveProperty('startedAt');
});

test('a server is ready, impaired or away as those that use it say', () => {
  const withBroker = (name: string, isUp: boolean) =>
    observation(name, {
      details: details({ checks: { broker: isUp ? { status: 'ok' } : { status: 'degraded', reason: 'x' } } }),
    });
  const busOf = (...observations: Observation[]) => report(observations).servers;
  expect(busOf(withBroker('a', true), observation('b'))).toEqual([
    { name: 'bus', state: 'ready', awayFor: [], users: 1 },
  ]);
  expect(busOf(withBroker('a', true), withBroker('b', false))).toEqual([
    { name: 'bus', state: 'impaired', awayFor: ['b'], users: 2 },
  ]);
  expect(busOf(withBroker('a', false), { ...withBroker('b', true), state: 'away' })).toEqual([
    { name: 'bus', state: 'away', awayFor: ['a'], users: 1 },
  ]);
});
