import { catalogue } from '@emporium/bus';

export const taskErrors = catalogue('tasks', {
  invalid_data: { settle: 'dead-letter', message: 'The data does not fit the task' },
  invalid_result: { settle: 'dead-letter', message: 'What the handler returned does not fit the task' },
  invalid_option: { settle: 'dead-letter', message: 'The task cannot be enqueued like this' },
  too_big: { settle: 'dead-letter', message: 'The data is too big for a task' },
  queue_away: { settle: 'pause', message: 'The task queue cannot be reached' },
  queue_full: { settle: 'pause', message: 'The task queue has no room' },
  closed: { settle: 'pause', message: 'The task queue was closed by this process' },
  timed_out: { settle: 'retry', message: 'The handler took longer than the task may' },
  thread_died: { settle: 'retry', message: 'The thread of the handler ended before the task did' },
  cancelled: { settle: 'dead-letter', message: 'The task was cancelled' },
  failed: { settle: 'dead-letter', message: 'The task failed for good' },
  not_finished: { settle: 'retry', message: 'The task is not finished yet' },
  unknown: {
    settle: 'dead-letter',
    message: 'There is no such task: never enqueued, removed, or past its time',
  },
});
