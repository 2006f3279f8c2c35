import type { Registry } from '@emporium/contracts';
import type { ProcessDetails } from '@emporium/service';
import type { Observation } from './observations.ts';

/** Something that waits: a number of one kind, and for how long the oldest has waited where that is known. */
export interface Waiting {
  readonly kind:
    | 'messages to handle'
    | 'messages to publish'
    | 'tasks to enqueue'
    | 'tasks to run'
    | 'delayed tasks'
    | 'failed tasks'
    | 'events to project'
    | 'overdue saga steps'
    | 'open dead letters';
  readonly count: number;
  readonly oldestSeconds?: number;
}

type Figure = ProcessDetails['figures'][number];

interface Source {
  readonly kind: Waiting['kind'];
  readonly count: string;
  readonly age?: string;
  readonly where?: (labels: Figure['labels']) => boolean;
}

const stateOfTask = 'emporium_task_state';

/** What the figures of a process say about itself. */
const sources: readonly Source[] = [
  {
    kind: 'messages to publish',
    count: 'emporium_outbox_messages',
    age: 'emporium_outbox_oldest_age_seconds',
  },
  {
    kind: 'tasks to enqueue',
    count: 'emporium_task_outbox_tasks',
    age: 'emporium_task_outbox_oldest_age_seconds',
  },
  {
    kind: 'events to project',
    count: 'emporium_projection_lag_events',
    age: 'emporium_projection_lag_seconds',
  },
  { kind: 'overdue saga steps', count: 'emporium_sagas_overdue' },
  {
    kind: 'open dead letters',
    count: 'emporium_dead_letters',
    where: ({ emporium_dead_letter_status: status }) => status === 'open',
  },
];

/** Tasks are in queues that a service and its workers share. */
const taskSources: readonly Source[] = [
  {
    kind: 'tasks to run',
    count: 'emporium_tasks',
    where: ({ [stateOfTask]: state }) => state === 'waiting' || state === 'active',
  },
  {
    kind: 'delayed tasks',
    count: 'emporium_tasks',
    where: ({ [stateOfTask]: state }) => state === 'delayed',
  },
  { kind: 'failed tasks', count: 'emporium_tasks', where: ({ [stateOfTask]: state }) => state === 'failed' },
];

interface BacklogOptions {
  readonly registry: Registry;
  readonly workers: ReadonlyMap<string, string>;
}

/**
 * What waits for a process, by its name. A service reports its own outbox and projections. The length of its queues comes from
 * `operations`, which reads all of them, and is known while the service is away; so are the tasks of a worker, from its service.
 */
export const createBacklogs = (answered: readonly Observation[], { registry, workers }: BacklogOptions) => {
  const figuresOf = (name: string): readonly Figure[] =>
    answered.find((observation) => observation.name === name)?.details?.figures ?? [];
  const all = answered.flatMap(({ details }) => details?.figures ?? []);
  const serviceOf = new Map<string, string>(
    registry.subscriptions.map(({ name, service }) => [name, service]),
  );
  const workerOf = new Map([...workers].map(([worker, service]) => [service, worker]));

  return (name: string): readonly Waiting[] => {
    const isTheirs = ({ messaging_destination_subscription_name: subscription = '' }: Figure['labels']) =>
      serviceOf.get(subscription) === name;
    const messages: Source = {
      kind: 'messages to handle',
      count: 'emporium_queue_messages',
      age: 'emporium_queue_oldest_age_seconds',
      where: isTheirs,
    };
    return [
      ...waitingIn(all, messages),
      ...sources.flatMap((source) => waitingIn(figuresOf(name), source)),
      ...taskSources.flatMap((source) =>
        workerOf.has(name)
          ? []
          : waitingIn(tasksOf(figuresOf(name), figuresOf(workers.get(name) ?? '')), source),
      ),
    ];
  };
};

/** A service and its worker may both report the tasks that they share. */
const tasksOf = (worker: readonly Figure[], service: readonly Figure[]): readonly Figure[] =>
  worker.some(({ name }) => name === 'emporium_tasks') ? worker : service;

const waitingIn = (
  figures: readonly Figure[],
  { kind, count, age, where = () => true }: Source,
): Waiting[] => {
  const valuesOf = (metric: string | undefined) =>
    figures.filter(({ name, labels }) => name === metric && where(labels)).map(({ value }) => value);
  const total = valuesOf(count).reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return [];
  const ages = valuesOf(age).filter(Number.isFinite);
  return [
    { kind, count: total, ...(ages.length === 0 ? {} : { oldestSeconds: Math.round(Math.max(...ages)) }) },
  ];
};
