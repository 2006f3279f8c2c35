import { gauge, histogram } from '@emporium/telemetry';
import type { TaskCounts } from './queue/task-queue.ts';

const tasks = gauge({
  name: 'emporium_tasks',
  help: 'Tasks that have not completed.',
  labels: ['emporium_task_name', 'emporium_task_state'],
});

export const taskDuration = histogram({
  name: 'emporium_task_duration_seconds',
  help: 'Runs of tasks, by how they ended.',
  labels: ['emporium_task_name', 'emporium_outcome'],
});

export const taskAge = histogram({
  name: 'emporium_task_age_seconds',
  help: 'From the time a task could run to the start of its first run.',
  labels: ['emporium_task_name'],
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 86_400],
});

const states = ['waiting', 'delayed', 'active', 'failed'] as const;

/** Shows the tasks of one kind until the returned function is called. */
export const measureTasks = (task: string, counts: () => Promise<TaskCounts>): (() => void) =>
  tasks.from(async () => {
    const counted = await counts();
    return states.map((state) => ({
      labels: { emporium_task_name: task, emporium_task_state: state },
      value: counted[state],
    }));
  });
