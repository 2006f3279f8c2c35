export { type Board, type BoardOptions, createBoard } from './board.ts';
export { taskSchemes } from './datastore/drivers.ts';
export { taskErrors } from './errors.ts';
export type { Cancelled } from './queue/cancel.ts';
export { enqueue } from './queue/effect.ts';
export { type FlowTask, flowTask } from './queue/flow.ts';
export type { When } from './queue/schedule.ts';
export type { FailedTask, TaskCounts, TaskQueue, TaskState } from './queue/task-queue.ts';
export {
  type AnyTask,
  type RateLimit,
  type Task,
  type TaskData,
  type TaskInput,
  type TaskResult,
  task,
} from './task.ts';
export { createTasks, type Tasks, type TasksOptions } from './tasks.ts';
export type { Attempt, TaskHandler } from './worker/handler.ts';
export {
  createThreads,
  type ThreadAttempt,
  type ThreadHandler,
  type ThreadOptions,
  type Threads,
} from './worker/threads.ts';
export type { TaskWorker, WorkOptions } from './worker/worker.ts';
