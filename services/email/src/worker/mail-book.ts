import { createGrouper } from '@emporium/bus';
import type { Store } from '@emporium/store';
import type { Insertable } from 'kysely';
import type { Mailbox } from '../smtp.ts';
import type { Recipient } from '../store/recipients.ts';
import { type Known, lookUp, recordSent } from '../store/sent-mails.ts';
import type { MailTable, Tables } from '../store/tables.ts';
import type { Addressee } from '../tasks/send-mail.ts';

/** What the worker asks its database, and tells it. What is at hand together is one statement. */
export interface MailBook {
  look(mail: Due): Promise<Known>;
  /** Resolves when it is on disk. */
  record(mail: Insertable<MailTable>): Promise<void>;
}

interface Due {
  readonly messageId: string;
  readonly to: Addressee;
}

const most = 50;

export const createMailBook = ({ db }: Store<Tables>, operations: Mailbox): MailBook => {
  const staff = staffOf(operations);
  const looks = createGrouper<Due, Known>(
    async (due) => {
      const known = await lookUp(
        db,
        due.map(({ messageId, to }) => ({
          messageId,
          userId: to === 'operations' ? staff.userId : to.userId,
        })),
      );
      return known.map((each, index) => ({
        status: 'fulfilled',
        value: due[index]?.to === 'operations' ? { ...each, recipient: staff } : each,
      }));
    },
    { maxItems: most },
  );
  const records = createGrouper<Insertable<MailTable>, void>(
    async (mails) => {
      await recordSent(db, mails);
      return mails.map(() => ({ status: 'fulfilled', value: undefined }));
    },
    { maxItems: most },
  );
  return { look: looks.add, record: records.add };
};

/** The people who run the shop, as one who gets mail. */
const staffOf = ({ name, address }: Mailbox): Recipient => ({
  userId: 'operations',
  email: address,
  name: name === '' ? 'Operations' : name,
});
