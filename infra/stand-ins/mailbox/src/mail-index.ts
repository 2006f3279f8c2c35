import { addressKey } from './address.ts';
import { subjectOf } from './headers.ts';
import type { EntryLocation } from './journal.ts';
import type { StoredMail } from './mail.ts';

/** The searchable fields of a mail, and the location of the rest in the journal. */
export interface IndexedMail {
  readonly id: string;
  readonly messageId: string;
  readonly to: readonly string[];
  /** In lower case. */
  readonly subject: string;
  readonly location: EntryLocation;
  /** Increases with every mail. */
  readonly number: number;
  deliveries: number;
}

export interface MailFilter {
  readonly to?: string | undefined;
  /** A substring of the subject, case-insensitive. */
  readonly subject?: string | undefined;
  readonly messageId?: string | undefined;
}

export interface SearchResult {
  /** Newest first. */
  readonly mails: readonly IndexedMail[];
  /** The number of matches on all pages. */
  readonly total: number;
  readonly hasMore: boolean;
}

export interface MailIndex {
  add(mail: StoredMail, location: EntryLocation): void;
  byId(id: string): IndexedMail | undefined;
  byMessageId(messageId: string): IndexedMail | undefined;
  /** Returns up to `limit` mails older than `before`. A search by subject alone scans all mails. */
  search(
    filter: MailFilter,
    page: { readonly limit: number; readonly before?: IndexedMail | undefined },
  ): SearchResult;
  drop(isDropped: (mail: IndexedMail) => boolean): void;
}

/** The searchable part of a subject, in characters. */
const maxSubjectLength = 300;

export const createMailIndex = (): MailIndex => {
  let mails: IndexedMail[] = [];
  const ids = new Map<string, IndexedMail>();
  const messageIds = new Map<string, IndexedMail>();
  const recipients = new Map<string, IndexedMail[]>();
  let number = 0;

  const index = (mail: IndexedMail): void => {
    mails.push(mail);
    ids.set(mail.id, mail);
    messageIds.set(mail.messageId, mail);
    for (const address of new Set(mail.to)) {
      const theirs = recipients.get(address);
      if (theirs === undefined) recipients.set(address, [mail]);
      else theirs.push(mail);
    }
  };

  const candidates = ({ to, messageId }: MailFilter): readonly IndexedMail[] => {
    if (messageId !== undefined) return [messageIds.get(messageId)].filter((mail) => mail !== undefined);
    return to === undefined ? mails : (recipients.get(addressKey(to)) ?? []);
  };

  return {
    add: ({ id, messageId, to, source, deliveries }, location) => {
      number += 1;
      const subject = subjectOf(source).slice(0, maxSubjectLength).toLowerCase();
      index({ id, messageId, to: to.map(addressKey), subject, location, number, deliveries });
    },
    byId: (id) => ids.get(id),
    byMessageId: (messageId) => messageIds.get(messageId),
    search: (filter, { limit, before }) => {
      const words = filter.subject?.toLowerCase();
      const address = filter.to === undefined ? undefined : addressKey(filter.to);
      const found: IndexedMail[] = [];
      let total = 0;
      let hasMore = false;
      const all = candidates(filter);
      for (let at = all.length - 1; at >= 0; at -= 1) {
        const mail = all[at];
        if (mail === undefined || (words !== undefined && !mail.subject.includes(words))) continue;
        if (address !== undefined && !mail.to.includes(address)) continue;
        total += 1;
        if (before !== undefined && mail.number >= before.number) continue;
        if (found.length < limit) found.push(mail);
        else hasMore = true;
      }
      return { mails: found, total, hasMore };
    },
    drop: (isDropped) => {
      const left = mails.filter((mail) => !isDropped(mail));
      for (const each of [ids, messageIds, recipients]) each.clear();
      mails = [];
      for (const mail of left) index(mail);
    },
  };
};
