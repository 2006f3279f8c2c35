import type { EnqueueEffect, Message } from '@emporium/bus';
import { enqueue } from '@emporium/tasks';
import type { Occasion } from './domain/mails.ts';
import { sendMail } from './tasks/send-mail.ts';

/** A mail is due: one event, one task, one mail, whose Message-ID is made from the event's id. */
export const mailTo = ({ id, time }: Message, userId: string, occasion: Occasion): EnqueueEffect =>
  enqueue(sendMail, { userId, time: time.toISOString(), occasion }, { id });
