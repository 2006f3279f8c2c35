import { currentContext } from '@emporium/bus';
import type { TaskHandler } from '@emporium/tasks';
import { dailyDigestMail } from '../domain/daily-digest.ts';
import { countSent } from '../metrics.ts';
import { messageIdOf } from '../smtp/message-id.ts';
import { countSentBetween, recordSent, wasSent } from '../store/sent-mails.ts';
import type { dailyDigest } from '../tasks/daily-digest.ts';
import type { MailHandlerOptions } from './send-mail.ts';

interface DigestOptions extends MailHandlerOptions {
  /** The number of failed mails. */
  readonly failedCount: () => Promise<number>;
}

const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Covers the 24 hours before the task was due. The Message-ID is made from the day, so a repeated task sends no second
 * digest.
 */
export const dailyDigestHandler =
  ({ store, smtp, domain, operations: to, failedCount }: DigestOptions): TaskHandler<typeof dailyDigest> =>
  async (_, { dueAt, signal }) => {
    const day = dueAt.toISOString().slice(0, 10);
    const event = `daily-digest-${day}`;
    const messageId = messageIdOf(event, domain);
    if (await wasSent(store.db, messageId)) return;
    const sent = await countSentBetween(store.db, new Date(dueAt.getTime() - dayMs), dueAt);
    const mail = dailyDigestMail(to.name, { day, sent, failed: await failedCount() });
    const correlationId = currentContext()?.correlationId ?? event;
    await smtp.send({ mail, to, messageId, date: dueAt, correlationId }, signal);
    const { template } = mail;
    countSent(template, dueAt, currentContext()?.traceparent);
    await recordSent(store.db, [
      { message_id: messageId, event_id: event, template, user_id: 'operations', sent_at: new Date() },
    ]);
  };
