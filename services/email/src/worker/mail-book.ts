import { createGrouper } from '@emporium/bus';
import type { Store } from '@emporium/store';
import type { Insertable } from 'kysely';
import type { Mailbox } from '../smtp.ts';
import { type Recipient, recipientsOf } from '../store/recipients.ts';
import { alreadySent, recordSent } from '../store/sent-mails.ts';
import type { MailTable, Tables } from '../store/tables.ts';
import type { Addressee } from '../tasks/send-mail.ts';

/** What the worker asks its database, and tells it. What is at hand together is one statement. */
export interface MailBook {
  look(mail: Due): Promise<Found>;
  /** Resolves when it is on disk. */
  record(mail: Insertable<MailTable>): Promise<void>;
}

interface Due {
  readonly messageId: string;
  readonly to: Addressee;
}

interface Found {
  readonly wasSent: boolean;
  /** Undefined while `user.registered` has not come. */
  readonly recipient: Recipient | undefined;
}

const most = 50;

export const createMailBook = ({ db }: Store<Tables>, operations: Mailbox): MailBook => {
  const staff = staffOf(operations);
  const looks = createGrouper<Due, Found>(
    async (due) => {
      const [sent, recipients] = await Promise.all([
        alreadySent(
          db,
          due.map(({ messageId }) => messageId),
        ),
        recipientsOf(
          db,
          due.flatMap(({ to }) => (to === 'operations' ? [] : [to.userId])),
        ),
      ]);
      return due.map(({ messageId, to }) => ({
        status: 'fulfilled',
        value: {
          wasSent: sent.has(messageId),
          recipient: to === 'operations' ? staff : recipients.get(to.userId),
        },
      }));
    },
    { most },
  );
  const records = createGrouper<Insertable<MailTable>, void>(
    async (mails) => {
      await recordSent(db, mails);
      return mails.map(() => ({ status: 'fulfilled', value: undefined }));
    },
    { most },
  );
  return { look: looks.add, record: records.add };
};

/** The people who run the shop, as one who gets mail. */
const staffOf = ({ name, address }: Mailbox): Recipient => ({
  userId: 'operations',
  email: address,
  name: name === '' ? 'Operations' : name,
});
