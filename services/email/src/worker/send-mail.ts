import { currentContext } from '@emporium/bus';
import type { Store } from '@emporium/store';
import type { TaskHandler } from '@emporium/tasks';
import { asciiDomain } from '../address.ts';
import { mailOn } from '../domain/mails.ts';
import { emailErrors } from '../errors.ts';
import { messageIdOf } from '../message-id.ts';
import type { Mailbox, PostOffice } from '../smtp.ts';
import type { Tables } from '../store/tables.ts';
import type { sendMail } from '../tasks/send-mail.ts';
import { createMailBook } from './mail-book.ts';

/** What the mails of this process have in common. */
export interface Post {
  readonly store: Store<Tables>;
  readonly office: PostOffice;
  /** Of the sender; the second half of every Message-ID. */
  readonly domain: string;
  /** The people who run the shop. */
  readonly operations: Mailbox;
}

/**
 * One task, one mail: outside of any transaction, and recorded when the server owns it. A crash between the two sends the same
 * Message-ID again.
 */
export const sendMailHandler = ({
  store,
  office,
  domain,
  operations,
}: Post): TaskHandler<typeof sendMail> => {
  const book = createMailBook(store, operations);
  return async ({ to, time, occasion }, { id, signal }) => {
    const messageId = messageIdOf(id, domain);
    const { wasSent, recipient } = await book.look({ messageId, to });
    if (wasSent) return;
    if (recipient === undefined) throw emailErrors.recipient_unknown({ to });
    const { userId, name, email } = recipient;
    const date = new Date(time);
    const mail = mailOn(occasion, name, date);
    const correlationId = currentContext()?.correlationId ?? id;
    // Without a name, which is free text of whoever registered.
    const letter = { mail, to: { name: '', address: asciiDomain(email) }, messageId, date, correlationId };
    await office.send(letter, signal);
    await book.record({
      message_id: messageId,
      event_id: id,
      template: mail.template,
      user_id: userId,
      sent_at: new Date(),
    });
  };
};
