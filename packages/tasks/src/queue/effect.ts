import type { EnqueueEffect, EnqueueOptions } from '@emporium/bus';
import { type AnyTask, checkInput, type TaskInput } from '../task.ts';
import { enqueuedAs, jobOptions } from './job-options.ts';

/**
 * What a handler returns to have a task enqueued when its transaction commits, and not if it does not. Throws
 * `tasks.invalid_data` or `tasks.invalid_option`, naming the field.
 */
export const enqueue = <T extends AnyTask>(
  task: T,
  data: TaskInput<T>,
  options: EnqueueOptions = {},
): EnqueueEffect => {
  const checked = checkInput(task, data);
  jobOptions(enqueuedAs(task), options.id ?? '', options);
  return { effect: 'enqueue', task, data: checked, options };
};
