import { createGrouper } from '@emporium/bus';
import type { Store } from '@emporium/store';
import type { Insertable } from 'kysely';
import type { EmailAddress } from '../smtp/smtp-client.ts';
import type { Recipient } from '../store/recipients.ts';
import { lookUpMails, type MailLookup, recordSent } from '../store/sent-mails.ts';
import type { MailTable, Tables } from '../store/tables.ts';
import type { Addressee } from '../tasks/send-mail.ts';

/** Looks up and records mails. Concurrent calls are combined into one statement. */
export interface SentMailLog {
  lookUp(mail: DueMail): Promise<MailLookup>;
  /** Resolves when the row is committed. */
  record(mail: Insertable<MailTable>): Promise<void>;
}

interface DueMail {
  readonly messageId: string;
  readonly to: Addressee;
}

const maxItems = 50;

export const createSentMailLog = ({ db }: Store<Tables>, operations: EmailAddress): SentMailLog => {
  const operationsTeam = recipientOf(operations);
  const lookUps = createGrouper<DueMail, MailLookup>(
    async (mails) => {
      const found = await lookUpMails(
        db,
        mails.map(({ messageId, to }) => ({
          messageId,
          userId: to === 'operations' ? operationsTeam.userId : to.userId,
        })),
      );
      return found.map((each, index) => ({
        status: 'fulfilled',
        value: mails[index]?.to === 'operations' ? { ...each, recipient: operationsTeam } : each,
      }));
    },
    { maxItems },
  );
  const records = createGrouper<Insertable<MailTable>, void>(
    async (mails) => {
      await recordSent(db, mails);
      return mails.map(() => ({ status: 'fulfilled', value: undefined }));
    },
    { maxItems },
  );
  return { lookUp: lookUps.add, record: records.add };
};

const recipientOf = ({ name, address }: EmailAddress): Recipient => ({
  userId: 'operations',
  email: address,
  name: name === '' ? 'Operations' : name,
});
