import type { Http } from './http.ts';

/** As the mailbox lists it. */
export interface Mail {
  readonly id: string;
  readonly messageId: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** The beginning of it. */
  readonly text: string;
  readonly receivedAt: string;
  /** How often it was accepted; more than once after a crash in between, under the same Message-ID. */
  readonly deliveries: number;
}

interface MailPage {
  readonly mails: readonly Mail[];
  /** The address of the next page, where there is one. */
  readonly next?: string;
}

const pageSize = 200;

/** The newest first, until a page is older than `since`; a box may hold any number of others. */
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
