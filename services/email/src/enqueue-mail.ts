import type { EnqueueEffect, Message } from '@emporium/bus';
import { enqueue } from '@emporium/tasks';
import type { Occasion } from './domain/render-mail.ts';
import { type Addressee, sendMail } from './tasks/send-mail.ts';

/** The task takes the event's id, so that a redelivered event enqueues no second mail. */
export const enqueueMail = (to: Addressee, { id, time }: Message, occasion: Occasion): EnqueueEffect =>
  enqueue(sendMail, { to, time: time.toISOString(), occasion }, { id });
