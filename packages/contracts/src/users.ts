import { z } from 'zod';
import { id } from './common.ts';
import { event } from './define.ts';

export const userRegistered = event('user.registered', {
  owner: 'user-registration',
  version: 1,
  key: 'userId',
  schema: z.object({
    userId: id,
    email: z.email({ pattern: z.regexes.html5Email }).max(254),
    name: z.string().min(1).max(200),
  }),
});
