import { type RuleCase, series } from './rule-case.ts';

const parked = series('emporium_sagas', { emporium_saga_name: 'fulfilment', emporium_saga_state: 'parked' });
const running = series('emporium_sagas', {
  emporium_saga_name: 'fulfilment',
  emporium_saga_state: 'running',
});
const overdueLabels = { emporium_saga_name: 'fulfilment', emporium_saga_step: 'authorise' };
const overdue = series('emporium_sagas_overdue', overdueLabels);
const projection = { service_name: 'order', emporium_projection_name: 'customer-orders' };
const lag = series('emporium_projection_lag_seconds', projection);
const mail = { emporium_task_name: 'email.send' };
const tasks = (state: string) => series('emporium_tasks', { ...mail, emporium_task_state: state });
const runs = series('emporium_task_duration_seconds_count', { ...mail, emporium_outcome: 'completed' });

export const workCases: readonly RuleCase[] = [
  {
    alert: 'SagaParked',
    title: 'fires while a saga waits for a person',
    series: { [parked]: '0x8 1x20', [running]: '5x28' },
    at: '5m',
    fires: [{ emporium_saga_name: 'fulfilment' }],
  },
  {
    alert: 'SagaParked',
    title: 'does not fire for running sagas, and clears after the repair',
    series: { [parked]: '1x12 0x20', [running]: '5x28' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'SagaOverdue',
    title: 'fires when nobody handles a deadline that has passed',
    series: { [overdue]: '0x4 2x20' },
    at: '5m',
    fires: [overdueLabels],
  },
  {
    alert: 'SagaOverdue',
    title: 'does not fire for deadlines that are handled within seconds',
    series: { [overdue]: '1x4 0x4 2x4 0x20' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'ProjectionLags',
    title: 'fires when a projection has stopped',
    series: { [lag]: '0+15x40' },
    at: '5m',
    fires: [projection],
  },
  {
    alert: 'ProjectionLags',
    title: 'does not fire while it keeps up',
    series: { [lag]: '2x40' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'TasksStandStill',
    title: 'fires when tasks wait and none ends',
    series: { [tasks('waiting')]: '4x40', [runs]: '0+1x8' },
    at: '9m',
    fires: [mail],
  },
  {
    alert: 'TasksStandStill',
    title: 'does not fire while tasks are run',
    series: { [tasks('waiting')]: '4x40', [runs]: '0+1x40' },
    at: '9m',
    fires: [],
  },
  {
    alert: 'TaskBacklog',
    title: 'fires when hundreds of tasks wait',
    series: { [tasks('waiting')]: '600x80', [runs]: '0+1x80' },
    at: '15m',
    fires: [mail],
  },
  {
    alert: 'TaskBacklog',
    title: 'does not fire for a few, or for tasks that have a later time',
    series: { [tasks('waiting')]: '20x80', [tasks('delayed')]: '900x80', [runs]: '0+1x80' },
    at: '15m',
    fires: [],
  },
  {
    alert: 'TasksFailed',
    title: 'fires when a task was given up',
    series: { [tasks('failed')]: '1x20' },
    at: '3m',
    fires: [mail],
  },
  {
    alert: 'TasksFailed',
    title: 'does not fire for tasks that are retried',
    series: { [tasks('failed')]: '0x20', [tasks('delayed')]: '5x20' },
    at: '3m',
    fires: [],
  },
];
