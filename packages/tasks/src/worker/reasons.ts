import { Fault, messageOf } from '@emporium/bus';
import { taskErrors } from '../errors.ts';

/** Why an attempt failed, as the queue stores it; the code of a fault comes first. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Fault ? `${error.code}: ${messageOf(error)}` : messageOf(error)).slice(0, 500);

/** The error for a caller that waits for the result of a failed task. */
export const reasonIn = (reason = 'the reason is unknown'): Fault =>
  reason.startsWith('tasks.cancelled: ') ? taskErrors.cancelled({ reason }) : taskErrors.failed({ reason });
