import type { Http } from './http.ts';

/** A mail in the list of the mailbox. */
export interface Mail {
  readonly id: string;
  readonly messageId: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** The beginning of its text. */
  readonly text: string;
  readonly receivedAt: string;
  /** How often it was delivered: more than once, with the same Message-ID, after a crash of the sender. */
  readonly deliveries: number;
}

interface MailPage {
  readonly mails: readonly Mail[];
  /** The path of the next page, where there is one. */
  readonly next?: string;
}

const pageSize = 200;

/** All mails, the newest first, up to the page that contains one older than `since`. */
export const allMails = async (
  http: Http,
  filter: { readonly to?: string; readonly subject?: string },
  since = new Date(0),
): Promise<Mail[]> => {
  const all: Mail[] = [];
  let next: string | undefined = `/api/mails?${new URLSearchParams({ ...filter, limit: String(pageSize) })}`;
  while (next !== undefined) {
    const page: MailPage = await http.call<MailPage>('GET', next);
    all.push(...page.mails);
    const oldest = page.mails.at(-1);
    next = oldest !== undefined && Date.parse(oldest.receivedAt) < since.getTime() ? undefined : page.next;
  }
  return all;
};
