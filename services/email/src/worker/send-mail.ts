import { currentContext } from '@emporium/bus';
import type { Store } from '@emporium/store';
import type { TaskData, TaskHandler } from '@emporium/tasks';
import { renderMail } from '../domain/render-mail.ts';
import { emailErrors } from '../errors.ts';
import { countFailed, countSent } from '../metrics.ts';
import { asciiDomain } from '../smtp/address.ts';
import { messageIdOf } from '../smtp/message-id.ts';
import type { EmailAddress, SmtpClient } from '../smtp/smtp-client.ts';
import type { Tables } from '../store/tables.ts';
import { sendMail } from '../tasks/send-mail.ts';
import { isFinal } from './is-final.ts';
import { createSentMailLog } from './sent-mail-log.ts';

export interface MailHandlerOptions {
  readonly store: Store<Tables>;
  readonly smtp: SmtpClient;
  /** The sender's domain, used in every Message-ID. */
  readonly domain: string;
  /** The recipient of alerts and digests. */
  readonly operations: EmailAddress;
}

/**
 * Sends the mail outside of any transaction and then records it. After a crash between the two the same Message-ID is sent
 * again.
 */
export const sendMailHandler = ({
  store,
  smtp,
  domain,
  operations,
}: MailHandlerOptions): TaskHandler<typeof sendMail> => {
  const sentMails = createSentMailLog(store, operations);
  const send = async ({ to, time, occasion }: SendMail, id: string, signal: AbortSignal): Promise<void> => {
    const messageId = messageIdOf(id, domain);
    const { wasSent, recipient } = await sentMails.lookUp({ messageId, to });
    if (wasSent) return;
    if (recipient === undefined) throw emailErrors.recipient_unknown({ to });
    const { userId, name, email } = recipient;
    const date = new Date(time);
    const mail = renderMail(occasion, name, date);
    const correlationId = currentContext()?.correlationId ?? id;
    // The display name is left empty, since users choose their name freely.
    const recipientAddress = { name: '', address: asciiDomain(email) };
    await smtp.send({ mail, to: recipientAddress, messageId, date, correlationId }, signal);
    countSent(mail.template, date, currentContext()?.traceparent);
    await sentMails.record({
      message_id: messageId,
      event_id: id,
      template: mail.template,
      user_id: userId,
      sent_at: new Date(),
    });
  };
  return async (data, { id, attempt, signal }) => {
    try {
      await send(data, id, signal);
    } catch (error) {
      if (!signal.aborted && isFinal(sendMail, error, attempt)) countFailed(data.occasion.template);
      throw error;
    }
  };
};

type SendMail = TaskData<typeof sendMail>;
