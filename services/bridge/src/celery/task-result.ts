/** How a task ended, as Celery's clients read it. */
export type TaskResult =
  | { readonly status: 'SUCCESS' }
  | { readonly status: 'FAILURE' | 'REVOKED'; readonly exception: TaskException };

/** The exception that `.get()` raises, by the name of its class; the module is one that the client has loaded. */
interface TaskException {
  readonly type: string;
  readonly module: 'builtins' | 'celery.exceptions';
  readonly message: string;
}

export const succeeded: TaskResult = { status: 'SUCCESS' };

/** The arguments were wrong: `ValueError`. */
export const invalid = (message: string): TaskResult => failure('ValueError', 'builtins', message);

/** The mail could not be sent: `RuntimeError`. */
export const failed = (message: string): TaskResult => failure('RuntimeError', 'builtins', message);

/** There is no such task here, as a worker of Celery says it. */
export const notRegistered = (name: string): TaskResult =>
  failure('NotRegistered', 'celery.exceptions', name);

/** Its time had passed, as a worker of Celery says it. */
export const expired: TaskResult = {
  status: 'REVOKED',
  exception: { type: 'TaskRevokedError', module: 'celery.exceptions', message: 'expired' },
};

const failure = (type: string, module: TaskException['module'], message: string): TaskResult => ({
  status: 'FAILURE',
  exception: { type, module, message },
});

/** The key, and the channel, of a task's result. */
export const resultKey = (taskId: string): string => `celery-task-meta-${taskId}`;

/** `result_expires` of Celery by default, in seconds. */
export const resultSeconds = 86_400;

export const resultBody = (taskId: string, result: TaskResult, at: Date): string =>
  JSON.stringify({
    status: result.status,
    result:
      result.status === 'SUCCESS'
        ? null
        : {
            exc_type: result.exception.type,
            exc_message: [result.exception.message],
            exc_module: result.exception.module,
          },
    traceback: null,
    children: [],
    date_done: at.toISOString().replace('Z', '+00:00'),
    task_id: taskId,
  });
