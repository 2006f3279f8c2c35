import type { Durations } from '../durations.ts';
import type { Alert } from '../rule.ts';

/** Sagas, projections and tasks that do not go on. */
export const workAlerts = (durations: Durations): readonly Alert[] => [
  {
    name: 'SagaParked',
    severity: 'warning',
    expr: 'max by (emporium_saga_name) (emporium_sagas{emporium_saga_state="parked"}) > 0',
    for: durations.of('1m'),
    summary: '{{ $value }} of the sagas {{ $labels.emporium_saga_name }} wait for a person',
    meaning:
      'A step keeps failing where the saga can neither go on nor compensate by itself, such as a capture after the dispatch. Money or stock of the order is on hold.',
    action:
      '`npm run sagas -- list --state parked`, then `npm run sagas -- show <id>`: it says why, and what is possible (retry, compensate or resolve).',
  },
  {
    name: 'SagaOverdue',
    severity: 'warning',
    expr: 'max by (emporium_saga_name, emporium_saga_step) (emporium_sagas_overdue) > 0',
    for: durations.of('2m'),
    summary:
      'The deadline of {{ $labels.emporium_saga_step }} has passed in {{ $value }} sagas {{ $labels.emporium_saga_name }}, and nothing was done about it',
    meaning:
      'A deadline is handled within seconds after it has passed. These were not: the job in the order service does not run, or cannot write.',
    action:
      '`npm run sagas -- list` shows overdue ones first. See `npm run logs -- --service order --level warn`, and restart the order service.',
  },
  {
    name: 'ProjectionLags',
    severity: 'warning',
    expr: `max by (service_name, emporium_projection_name) (emporium_projection_lag_seconds) > ${durations.seconds('1m')}`,
    for: durations.of('2m'),
    summary:
      '{{ $labels.emporium_projection_name }} is {{ $value | humanizeDuration }} behind: its pages are out of date',
    meaning:
      'The read model does not keep up with the stored events, or has stopped at an event that it cannot apply. Orders go on; what customers see of them is old.',
    action:
      '`npm run projections -- status` says where it stands and with which error. After a repair: `npm run projections -- rebuild <name>`, or `POST /api/admin/reports/projections/<name>/rebuild`.',
  },
  {
    name: 'TasksStandStill',
    severity: 'critical',
    expr: `
      max by (emporium_task_name) (emporium_tasks{emporium_task_state="waiting"}) > 0
      unless on (emporium_task_name) sum by (emporium_task_name) (increase(emporium_task_duration_seconds_count[${durations.of('2m')}])) > 0`,
    for: durations.of('3m'),
    summary: 'Tasks {{ $labels.emporium_task_name }} wait, and none ends',
    meaning:
      'Tasks could run, and for minutes none ended: the queue is paused because the mail server is away, or tasks hang. (A worker that is down fires ServiceDown.) The tasks are kept.',
    action: 'See `npm run logs -- --service email-worker --level warn`, and whether the mail server answers.',
  },
  {
    name: 'TaskBacklog',
    severity: 'warning',
    expr: 'max by (emporium_task_name) (emporium_tasks{emporium_task_state="waiting"}) > 500',
    for: durations.of('10m'),
    summary: '{{ $value }} tasks {{ $labels.emporium_task_name }} wait',
    meaning: 'More tasks are added than the workers run: mails come late.',
    action: 'Start more workers: `docker compose up --wait --scale email-worker=3`.',
  },
  {
    name: 'TasksFailed',
    severity: 'warning',
    expr: 'max by (emporium_task_name) (emporium_tasks{emporium_task_state="failed"}) > 0',
    for: durations.of('1m'),
    summary: '{{ $value }} tasks {{ $labels.emporium_task_name }} failed in all their attempts',
    meaning: 'Tasks were given up. Each is kept, with its error, until a person runs it again or removes it.',
    action:
      'Look at the failed tasks at `/admin/tasks` of the shop, and retry them there once the cause is repaired.',
  },
];
