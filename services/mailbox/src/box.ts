import { randomUUID } from 'node:crypto';
import { openJournal } from '@emporium/service';
import { z } from 'zod';
import { type Kept, kept, type Mail, messageIdOf, read } from './mail.ts';

export interface MailFilter {
  readonly to?: string | undefined;
  /** Part of the subject; case does not matter. */
  readonly subject?: string | undefined;
  readonly messageId?: string | undefined;
}

/** The mails that were caught; the oldest go when there are too many. */
export interface Box {
  /** A mail whose Message-ID is there already is counted, not kept a second time. */
  take(given: Pick<Kept, 'to' | 'source'>): Kept;
  find(id: string): Promise<Mail | undefined>;
  /** The newest first. */
  list(
    filter: MailFilter,
    limit: number,
  ): Promise<{ readonly mails: readonly Mail[]; readonly total: number }>;
  clear(): void;
  close(): void;
}

export interface BoxOptions {
  readonly file: string | undefined;
  readonly capacity?: number;
  readonly now?: () => Date;
}

const entry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('mail'), mail: kept }),
  z.object({ type: z.literal('again'), messageId: z.string() }),
]);
type Entry = z.output<typeof entry>;

export const createBox = ({ file, capacity = 10_000, now = () => new Date() }: BoxOptions): Box => {
  const mails = new Map<string, Kept>();
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
  journal.replace([...mails.values()].map((one): Entry => ({ type: 'mail', mail: one })));

  const record = (change: Entry): void => {
    journal.append(change);
    apply(change);
  };

  return {
    take: ({ to, source }) => {
      const messageId = messageIdOf(source);
      const knownId = messageId === undefined ? undefined : idByMessageId.get(messageId);
      if (messageId !== undefined && knownId !== undefined) {
        record({ type: 'again', messageId });
      } else {
        const id = randomUUID();
        const receivedAt = now().toISOString();
        const taken = { id, messageId: messageId ?? id, to, source, receivedAt, deliveries: 1 };
        record({ type: 'mail', mail: taken });
        return taken;
      }
      const known = mails.get(knownId);
      if (known === undefined) throw new Error(`${messageId} is indexed, but there is no such mail`);
      return known;
    },
    find: async (id) => {
      const found = mails.get(id);
      return found === undefined ? undefined : await read(found);
    },
    list: async ({ to, subject, messageId }, limit) => {
      const address = to?.toLowerCase();
      const enveloped = [...mails.values()]
        .reverse()
        .filter(
          (one) =>
            (address === undefined || one.to.some((recipient) => recipient.toLowerCase() === address)) &&
            (messageId === undefined || one.messageId === messageId),
        );
      if (subject === undefined)
        return { mails: await Promise.all(enveloped.slice(0, limit).map(read)), total: enveloped.length };
      const words = subject.toLowerCase();
      const found = (await Promise.all(enveloped.map(read))).filter((one) =>
        one.subject.toLowerCase().includes(words),
      );
      return { mails: found.slice(0, limit), total: found.length };
    },
    clear: () => {
      mails.clear();
      idByMessageId.clear();
      journal.replace([]);
    },
    close: () => journal.close(),
  };
};
