import { addressKey } from './address.ts';
import { subjectOf } from './headers.ts';
import type { Place } from './journal.ts';
import type { Kept } from './mail.ts';

/** What is in memory of a mail: by what it is found, and where the rest lies. */
export interface IndexedMail {
  readonly id: string;
  readonly messageId: string;
  readonly to: readonly string[];
  /** In small letters. */
  readonly subject: string;
  readonly place: Place;
  /** Grows from mail to mail. */
  readonly number: number;
  deliveries: number;
}

export interface MailFilter {
  readonly to?: string | undefined;
  /** Part of the subject; case does not matter. */
  readonly subject?: string | undefined;
  readonly messageId?: string | undefined;
}

export interface Found {
  /** The newest first. */
  readonly mails: readonly IndexedMail[];
  /** All that the filter finds, on whatever page. */
  readonly total: number;
  readonly hasMore: boolean;
}

export interface MailIndex {
  add(mail: Kept, place: Place): void;
  byId(id: string): IndexedMail | undefined;
  byMessageId(messageId: string): IndexedMail | undefined;
  /** At most `limit`, of those older than `before`. By a recipient or a Message-ID it looks at few, by a subject at all. */
  search(
    filter: MailFilter,
    page: { readonly limit: number; readonly before?: IndexedMail | undefined },
  ): Found;
  drop(isDropped: (mail: IndexedMail) => boolean): void;
}

/** Longest part of a subject that is searched, in characters. */
const searchedSubject = 300;

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
    add: ({ id, messageId, to, source, deliveries }, place) => {
      number += 1;
      const subject = subjectOf(source).slice(0, searchedSubject).toLowerCase();
      index({ id, messageId, to: to.map(addressKey), subject, place, number, deliveries });
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
