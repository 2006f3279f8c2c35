import { createGrouper } from '@emporium/bus';
import type { Store } from '@emporium/store';
import type { Insertable } from 'kysely';
import { type Recipient, recipientsOf } from '../store/recipients.ts';
import { alreadySent, recordSent } from '../store/sent-mails.ts';
import type { MailTable, Tables } from '../store/tables.ts';

/** What the worker asks its database, and tells it. What is at hand together is one statement. */
export interface MailBook {
  look(mail: Due): Promise<Found>;
  /** Resolves when it is on disk. */
  record(mail: Insertable<MailTable>): Promise<void>;
}

interface Due {
  readonly messageId: string;
  readonly userId: string;
}

interface Found {
  readonly wasSent: boolean;
  /** Undefined while `user.registered` has not come. */
  readonly recipient: Recipient | undefined;
}

const most = 50;

export const createMailBook = ({ db }: Store<Tables>): MailBook => {
  const looks = createGrouper<Due, Found>(
    async (due) => {
      const [sent, recipients] = await Promise.all([
        alreadySent(
          db,
          due.map(({ messageId }) => messageId),
        ),
        recipientsOf(
          db,
          due.map(({ userId }) => userId),
        ),
      ]);
      return due.map(({ messageId, userId }) => ({
        status: 'fulfilled',
        value: { wasSent: sent.has(messageId), recipient: recipients.get(userId) },
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
