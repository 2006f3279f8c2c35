import { task } from '@emporium/tasks';
import { z } from 'zod';
import { mailRetryPolicy } from './mail-retry-policy.ts';

/** Mails operations a summary of the mails of the last day. */
export const dailyDigest = task('email.daily-digest', { schema: z.object({}), retry: mailRetryPolicy });
