import { type HandlerContext, type Message, type PerformDefinition, perform } from '@emporium/bus';
import type { Contract } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import type { Mail } from './domain/mail.ts';
import { messageIdOf } from './message-id.ts';
import type { PostOffice } from './smtp.ts';
import type { Recipient } from './store/recipients.ts';
import { recordSent } from './store/sent-mails.ts';
import type { Tables } from './store/tables.ts';

/** What the mails of this process have in common. */
export interface Post {
  readonly office: PostOffice;
  /** Of the sender; the second half of every Message-ID. */
  readonly domain: string;
}

interface Mailing<C extends Contract> {
  recipient(message: Message<C>, tx: Tx<Tables>): Promise<Recipient>;
  write(message: Message<C>, recipient: Recipient): Mail;
}

/**
 * One event, one mail: finds the recipient, hands the mail in outside of any transaction, and records that it went out. A
 * crash between the server's acceptance and the record sends the same Message-ID again.
 */
export const mailing = <C extends Contract>(
  contract: C,
  { office, domain }: Post,
  { recipient, write }: Mailing<C>,
): PerformDefinition<Tx<Tables>> =>
  perform<C, Tx<Tables>, Recipient, { template: string; userId: string }>(contract, {
    intend: (message, { tx }) => recipient(message, tx),
    outside: async (message, to, { signal }) => {
      const mail = write(message, to);
      const letter = {
        mail,
        to: { name: to.name, address: to.email },
        messageId: messageIdOf(message.id, domain),
        date: message.time,
        correlationId: message.context.correlationId,
      };
      await office.send(letter, signal);
      return { template: mail.template, userId: to.userId };
    },
    inside: async ({ id }, { template, userId }, { tx, now }: HandlerContext<Tx<Tables>>) => {
      await recordSent(tx, {
        message_id: messageIdOf(id, domain),
        event_id: id,
        template,
        user_id: userId,
        sent_at: now,
      });
      return undefined;
    },
  });
