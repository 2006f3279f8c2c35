import { task } from '@emporium/tasks';
import { z } from 'zod';
import { persistent } from './persistent.ts';

/** Tells operations what the mail of the last day was. */
export const dailyDigest = task('email.daily-digest', { schema: z.object({}), retry: persistent });
