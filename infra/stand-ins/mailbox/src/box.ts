import { randomUUID } from 'node:crypto';
import { messageIdOf } from './headers.ts';
import { openJournal } from './journal.ts';
import { type Kept, type Mail, type MailSummary, read, summarise } from './mail.ts';
import { createMailIndex, type MailFilter } from './mail-index.ts';

/** The mails that were caught; the oldest go when there are too many. What they say lies in the journal until somebody asks. */
export interface Box {
  /** A mail whose Message-ID is there already is counted, not kept a second time. */
  take(given: Pick<Kept, 'to' | 'source'>): void;
  find(id: string): Promise<Mail | undefined>;
  /** The newest first. Undefined when there is no mail `before`. */
  list(filter: MailFilter, page: Page): Promise<MailPage | undefined>;
  clear(): void;
  close(): void;
}

export interface Page {
  /** Mails at most. */
  readonly limit: number;
  /** The id of a mail: the page begins with the one that came before it. */
  readonly before?: string | undefined;
}

export interface MailPage {
  readonly mails: readonly MailSummary[];
  /** All that the filter finds, on whatever page. */
  readonly total: number;
  /** Whether there are older ones. */
  readonly hasMore: boolean;
}

export interface BoxOptions {
  /** JSON lines; without it the mails end with the process. */
  readonly file: string | undefined;
  /** The newest so many mails are there for certain, and twice as many at most. 100,000 in a file, 10,000 in memory, unless given. */
  readonly capacity?: number;
  /** The same in bytes. 256 MB in a file, 32 MB in memory, unless given. */
  readonly capacityBytes?: number;
  readonly now?: () => Date;
}

const megabyte = 1_024 * 1_024;
const onDisk = { capacity: 100_000, capacityBytes: 256 * megabyte };
const inMemory = { capacity: 10_000, capacityBytes: 32 * megabyte };

export const createBox = ({ file, now = () => new Date(), ...bounds }: BoxOptions): Box => {
  const { capacity, capacityBytes } = { ...(file === undefined ? inMemory : onDisk), ...bounds };
  const index = createMailIndex();

  const journal = openJournal({
    file,
    segmentMails: capacity,
    segmentBytes: capacityBytes,
    onEntry: (entry, place) => {
      if (entry.type === 'mail') return index.add(entry.mail, place);
      const known = index.byMessageId(entry.messageId);
      if (known !== undefined) known.deliveries += 1;
    },
    onDropped: (segment) => index.drop(({ place }) => place.segment === segment),
  });

  return {
    take: ({ to, source }) => {
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
        : read({ ...journal.read(found.place), deliveries: found.deliveries });
    },
    list: async (filter, { limit, before }) => {
      const last = before === undefined ? undefined : index.byId(before);
      if (before !== undefined && last === undefined) return undefined;
      const found = index.search(filter, { limit, before: last });
      const mails: MailSummary[] = [];
      // One after the other: the page is held in memory, the sources of its mails are not.
      for (const { place, deliveries } of found.mails)
        mails.push(await summarise({ ...journal.read(place), deliveries }));
      return { mails, total: found.total, hasMore: found.hasMore };
    },
    clear: () => journal.clear(),
    close: () => journal.close(),
  };
};
