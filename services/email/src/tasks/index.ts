import { dailyDigest } from './daily-digest.ts';
import { sendMail } from './send-mail.ts';
import { sendRequestedMail } from './send-requested-mail.ts';

export const emailTasks = [sendMail, sendRequestedMail, dailyDigest] as const;
