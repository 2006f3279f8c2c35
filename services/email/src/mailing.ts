import type { EnqueueEffect, Message } from '@emporium/bus';
import { enqueue } from '@emporium/tasks';
import type { Occasion } from './domain/mails.ts';
import { type Addressee, sendMail } from './tasks/send-mail.ts';

/** A mail is due: one event, one task, one mail, whose Message-ID is made from the event's id. */
export const mailTo = (to: Addressee, { id, time }: Message, occasion: Occasion): EnqueueEffect =>
  enqueue(sendMail, { to, time: time.toISOString(), occasion }, { id });
