import { dailyDigest } from './daily-digest.ts';
import { sendMail } from './send-mail.ts';

export const emailTasks = [sendMail, dailyDigest] as const;
