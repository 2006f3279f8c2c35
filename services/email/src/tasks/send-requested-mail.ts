import { task } from '@emporium/tasks';
import { z } from 'zod';
import { mailRetryPolicy } from './mail-retry-policy.ts';

/** Sends one mail that a command asked for. The queue contains neither the address nor the link: see `requested_mail`. */
export const sendRequestedMail = task('email.send-requested', {
  schema: z.object({ requestId: z.string() }),
  retry: mailRetryPolicy,
  timeoutMs: 45_000,
  concurrency: 5,
  // Short, since the rows of `requested_mail` also prevent duplicates.
  keepMs: 300_000,
});
