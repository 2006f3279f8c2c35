import { currentContext } from '@emporium/bus';
import type { TaskHandler } from '@emporium/tasks';
import { dailyDigestMail } from '../domain/daily-digest.ts';
import { messageIdOf } from '../message-id.ts';
import { recordSent, sentBetween, wasSent } from '../store/sent-mails.ts';
import type { dailyDigest } from '../tasks/daily-digest.ts';
import type { Post } from './send-mail.ts';

interface DigestOptions extends Post {
  /** Mails that were given up. */
  readonly failed: () => Promise<number>;
}

const dayMs = 24 * 60 * 60 * 1_000;

/** One a day, however often and however late its task is run: it is about the day before it was due, under one Message-ID. */
export const dailyDigestHandler =
  ({ store, office, domain, operations: to, failed }: DigestOptions): TaskHandler<typeof dailyDigest> =>
  async (_, { dueAt, signal }) => {
    const day = dueAt.toISOString().slice(0, 10);
    const event = `daily-digest-${day}`;
    const messageId = messageIdOf(event, domain);
    if (await wasSent(store.db, messageId)) return;
    const sent = await sentBetween(store.db, new Date(dueAt.getTime() - dayMs), dueAt);
    const mail = dailyDigestMail(to.name, { day, sent, failed: await failed() });
    const correlationId = currentContext()?.correlationId ?? event;
    await office.send({ mail, to, messageId, date: dueAt, correlationId }, signal);
    const { template } = mail;
    await recordSent(store.db, [
      { message_id: messageId, event_id: event, template, user_id: 'operations', sent_at: new Date() },
    ]);
  };
