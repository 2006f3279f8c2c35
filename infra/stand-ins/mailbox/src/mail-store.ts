import { randomUUID } from 'node:crypto';
import { messageIdOf } from './headers.ts';
import { openJournal } from './journal.ts';
import { type Mail, type MailSummary, parseMail, type StoredMail, summariseMail } from './mail.ts';
import { createMailIndex, type MailFilter } from './mail-index.ts';

/** The received mails. The oldest are dropped at a limit. Only an index is in memory; sources are read from the journal. */
export interface MailStore {
  /** A mail with a known Message-ID is not stored again; its `deliveries` are incremented. */
  add(mail: Pick<StoredMail, 'to' | 'source'>): void;
  find(id: string): Promise<Mail | undefined>;
  /** Newest first. Returns undefined if there is no mail with the id `before`. */
  list(filter: MailFilter, page: Page): Promise<MailPage | undefined>;
  clear(): void;
  close(): void;
}

export interface Page {
  readonly limit: number;
  /** The id of a mail: the page starts with the next older one. */
  readonly before?: string | undefined;
}

export interface MailPage {
  readonly mails: readonly MailSummary[];
  /** The number of matches on all pages. */
  readonly total: number;
  readonly hasMore: boolean;
}

export interface MailStoreOptions {
  /** A file of JSON lines. Without it mails are kept in memory only. */
  readonly file: string | undefined;
  /** At least this many of the newest mails are kept, and at most twice as many. Default: 100,000 in a file, 10,000 in memory. */
  readonly capacity?: number;
  /** The same in bytes. Default: 256 MB in a file, 32 MB in memory. */
  readonly capacityBytes?: number;
  readonly now?: () => Date;
}

const megabyte = 1_024 * 1_024;
const onDisk = { capacity: 100_000, capacityBytes: 256 * megabyte };
const inMemory = { capacity: 10_000, capacityBytes: 32 * megabyte };

export const createMailStore = ({ file, now = () => new Date(), ...bounds }: MailStoreOptions): MailStore => {
  const { capacity, capacityBytes } = { ...(file === undefined ? inMemory : onDisk), ...bounds };
  const index = createMailIndex();

  const journal = openJournal({
    file,
    segmentMails: capacity,
    segmentBytes: capacityBytes,
    onEntry: (entry, location) => {
      if (entry.type === 'mail') return index.add(entry.mail, location);
      const known = index.byMessageId(entry.messageId);
      if (known !== undefined) known.deliveries += 1;
    },
    onDropped: (segment) => index.drop(({ location }) => location.segment === segment),
  });

  return {
    add: ({ to, source }) => {
      const messageId = messageIdOf(source);
      if (messageId !== undefined && index.byMessageId(messageId) !== undefined)
        return journal.append({ type: 'again', messageId });
      const id = randomUUID();
      const receivedAt = now().toISOString();
      const mail = { id, messageId: messageId ?? id, to: [...to], source, receivedAt, deliveries: 1 };
      journal.append({ type: 'mail', mail });
    },
    find: async (id) => {
      const found = index.byId(id);
      return found === undefined
        ? undefined
        : parseMail({ ...journal.read(found.location), deliveries: found.deliveries });
    },
    list: async (filter, { limit, before }) => {
      const last = before === undefined ? undefined : index.byId(before);
      if (before !== undefined && last === undefined) return undefined;
      const found = index.search(filter, { limit, before: last });
      const mails: MailSummary[] = [];
      // Sequential, so that only one source is in memory at a time.
      for (const { location, deliveries } of found.mails)
        mails.push(await summariseMail({ ...journal.read(location), deliveries }));
      return { mails, total: found.total, hasMore: found.hasMore };
    },
    clear: () => journal.clear(),
    close: () => journal.close(),
  };
};
