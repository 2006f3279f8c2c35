import { composeMail, type MailContent, paragraph, table } from './compose/compose-mail.ts';

/** The mails of one day. */
export interface Digest {
  /** `2026-11-23` */
  readonly day: string;
  readonly sent: readonly { readonly template: string; readonly mails: number }[];
  /** Mails that failed and wait for an administrator. */
  readonly failed: number;
}

export const dailyDigestMail = (name: string, { day, sent, failed }: Digest): MailContent =>
  composeMail({
    template: 'daily-digest',
    subject: `Mail until ${day}`,
    name,
    blocks: [
      sent.length === 0
        ? paragraph('no mail was sent within the last day.')
        : table([['Template', 'Mails'], ...sent.map(({ template, mails }) => [template, String(mails)])]),
      paragraph(
        failed === 0 ? 'No mail has failed.' : `Failed mails, listed under /api/admin/tasks: ${failed}.`,
      ),
    ],
  });
