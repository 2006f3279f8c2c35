import { Fault, messageOf } from '@emporium/bus';
import { taskErrors } from './errors.ts';

/** What a queue keeps of why an attempt failed: with the code of a fault, which tells more than its words. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Fault ? `${error.code}: ${messageOf(error)}` : messageOf(error)).slice(0, 500);

/** What is thrown at whoever waits for the result of a task that failed. */
export const reasonIn = (reason = 'nothing is known of the reason'): Fault =>
  reason.startsWith('tasks.cancelled: ') ? taskErrors.cancelled({ reason }) : taskErrors.failed({ reason });
