import { dailyDigest } from './daily-digest.ts';
import { sendMail } from './send-mail.ts';

export const tasksOfThisService = [sendMail, dailyDigest] as const;
