import { composeMail, type Mail, paragraph, table } from './mail.ts';

/** What the mail of a day was. */
export interface Digest {
  /** `2026-11-23` */
  readonly day: string;
  readonly sent: readonly { readonly template: string; readonly mails: number }[];
  /** Mails that were given up, and wait for somebody to look at them. */
  readonly failed: number;
}

export const dailyDigestMail = (name: string, { day, sent, failed }: Digest): Mail =>
  composeMail({
    template: 'daily-digest',
    subject: `Mail until ${day}`,
    name,
    blocks: [
      sent.length === 0
        ? paragraph('no mail was sent within the last day.')
        : table([['Template', 'Mails'], ...sent.map(({ template, mails }) => [template, String(mails)])]),
      paragraph(
        failed === 0
          ? 'No mail has been given up.'
          : `Given up, and to be looked at under /api/admin/tasks: ${failed}.`,
      ),
    ],
  });
