import { randomUUID } from 'node:crypto';
import { openJournal } from '@emporium/service';
import { z } from 'zod';
import { type Mail, type MailFilter, mail } from './mail.ts';

export type NewMail = Omit<Mail, 'id' | 'messageId' | 'receivedAt' | 'deliveries'> & {
  readonly messageId: string | undefined;
};

/** The mails that were caught; the oldest go when there are too many. */
export interface Box {
  /** A mail whose Message-ID is there already is counted, not kept a second time. */
  take(given: NewMail): Mail;
  find(id: string): Mail | undefined;
  /** The newest first. */
  list(filter: MailFilter, limit: number): { readonly mails: readonly Mail[]; readonly total: number };
  clear(): void;
  close(): void;
}

export interface BoxOptions {
  readonly file: string | undefined;
  readonly capacity?: number;
  readonly now?: () => Date;
}

const entry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('mail'), mail }),
  z.object({ type: z.literal('again'), messageId: z.string() }),
]);
type Entry = z.output<typeof entry>;

export const createBox = ({ file, capacity = 10_000, now = () => new Date() }: BoxOptions): Box => {
  const mails = new Map<string, Mail>();
  const idByMessageId = new Map<string, string>();

  const apply = (change: Entry): void => {
    if (change.type === 'again') {
      const known = mails.get(idByMessageId.get(change.messageId) ?? '');
      if (known !== undefined) mails.set(known.id, { ...known, deliveries: known.deliveries + 1 });
      return;
    }
    mails.set(change.mail.id, change.mail);
    idByMessageId.set(change.mail.messageId, change.mail.id);
    const oldest = mails.size > capacity ? mails.values().next().value : undefined;
    if (oldest === undefined) return;
    mails.delete(oldest.id);
    idByMessageId.delete(oldest.messageId);
  };

  const journal = openJournal({ file, parse: entry.parse, apply });
  journal.replace([...mails.values()].map((kept): Entry => ({ type: 'mail', mail: kept })));

  const record = (change: Entry): void => {
    journal.append(change);
    apply(change);
  };

  return {
    take: ({ messageId, ...content }) => {
      const knownId = messageId === undefined ? undefined : idByMessageId.get(messageId);
      if (messageId !== undefined && knownId !== undefined) {
        record({ type: 'again', messageId });
      } else {
        const id = randomUUID();
        const taken = {
          id,
          messageId: messageId ?? id,
          ...content,
          receivedAt: now().toISOString(),
          deliveries: 1,
        };
        record({ type: 'mail', mail: taken });
        return taken;
      }
      const known = mails.get(knownId);
      if (known === undefined) throw new Error(`${messageId} is indexed, but there is no such mail`);
      return known;
    },
    find: (id) => mails.get(id),
    list: (filter, limit) => {
      const found = [...mails.values()].filter(matching(filter));
      return { mails: found.reverse().slice(0, limit), total: found.length };
    },
    clear: () => {
      mails.clear();
      idByMessageId.clear();
      journal.replace([]);
    },
    close: () => journal.close(),
  };
};

const matching = ({ to, subject, messageId }: MailFilter) => {
  const [address, words] = [to?.toLowerCase(), subject?.toLowerCase()];
  return (candidate: Mail): boolean =>
    (address === undefined || candidate.to.some((recipient) => recipient.toLowerCase() === address)) &&
    (words === undefined || candidate.subject.toLowerCase().includes(words)) &&
    (messageId === undefined || candidate.messageId === messageId);
};
