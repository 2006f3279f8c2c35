export { type Board, type BoardOptions, createBoard } from './board.ts';
export type { Cancelled } from './cancel.ts';
export { taskSchemes } from './drivers.ts';
export { enqueue } from './effect.ts';
export { taskErrors } from './errors.ts';
export { type FlowTask, flowTask } from './flow.ts';
export type { Attempt, TaskHandler } from './handler.ts';
export type { When } from './schedule.ts';
export {
  type AnyTask,
  type RateLimit,
  type Task,
  type TaskData,
  type TaskInput,
  type TaskResult,
  task,
} from './task.ts';
export type { FailedTask, TaskCounts, TaskQueue, TaskState } from './task-queue.ts';
export { createTasks, type Tasks, type TasksOptions } from './tasks.ts';
export {
  createThreads,
  type ThreadAttempt,
  type ThreadHandler,
  type ThreadOptions,
  type Threads,
} from './threads.ts';
export type { TaskWorker, WorkOptions } from './worker.ts';
