import { currentContext } from '@emporium/bus';
import type { Store } from '@emporium/store';
import type { TaskHandler } from '@emporium/tasks';
import { mailOn } from '../domain/mails.ts';
import { messageIdOf } from '../message-id.ts';
import type { PostOffice } from '../smtp.ts';
import { recipientOf } from '../store/recipients.ts';
import { recordSent, wasSent } from '../store/sent-mails.ts';
import type { Tables } from '../store/tables.ts';
import type { sendMail } from '../tasks/send-mail.ts';

/** What the mails of this process have in common. */
export interface Post {
  readonly store: Store<Tables>;
  readonly office: PostOffice;
  /** Of the sender; the second half of every Message-ID. */
  readonly domain: string;
}

/**
 * One task, one mail: outside of any transaction, and recorded when the server owns it. A crash between the two sends the same
 * Message-ID again.
 */
export const sendMailHandler =
  ({ store, office, domain }: Post): TaskHandler<typeof sendMail> =>
  async ({ userId, time, occasion }, { id, signal }) => {
    const messageId = messageIdOf(id, domain);
    if (await wasSent(store.db, messageId)) return;
    const { name, email } = await recipientOf(store.db, userId);
    const mail = mailOn(occasion, name);
    const correlationId = currentContext()?.correlationId ?? id;
    const letter = { mail, to: { name, address: email }, messageId, date: new Date(time), correlationId };
    await office.send(letter, signal);
    await recordSent(store.db, {
      message_id: messageId,
      event_id: id,
      template: mail.template,
      user_id: userId,
      sent_at: new Date(),
    });
  };
