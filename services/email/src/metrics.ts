import { counter, histogram } from '@emporium/telemetry';
import { type Template, templates } from './domain/compose/compose-mail.ts';

const mails = counter({
  name: 'emporium_mails_total',
  help: 'Mails that were sent, or given up.',
  labels: ['emporium_mail_template', 'emporium_outcome'],
});

// Prometheus sees the increase only of a series that it has read before.
for (const template of templates)
  for (const outcome of ['sent', 'failed'])
    mails.add(0, { emporium_mail_template: template, emporium_outcome: outcome });

const delay = histogram({
  name: 'emporium_mail_delay_seconds',
  help: 'From the event or request that a mail is about to the acceptance by the mail server.',
  labels: ['emporium_mail_template'],
  known: templates.map((template) => ({ emporium_mail_template: template })),
  buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 1_800, 3_600, 86_400],
});

/** The mail server has accepted a mail about something that happened at `since`. */
export const countSent = (template: Template, since: Date, traceparent: string | undefined): void => {
  mails.add(1, { emporium_mail_template: template, emporium_outcome: 'sent' });
  delay.observe(
    Math.max(0, Date.now() - since.getTime()) / 1_000,
    { emporium_mail_template: template },
    traceparent,
  );
};

/** A mail is not sent, and there is no further attempt. */
export const countFailed = (template: Template): void =>
  mails.add(1, { emporium_mail_template: template, emporium_outcome: 'failed' });
