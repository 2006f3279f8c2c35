import { counter, histogram } from '@emporium/telemetry';

const mails = counter({
  name: 'emporium_mails_total',
  help: 'Mails that were sent, or given up.',
  labels: ['emporium_mail_template', 'emporium_outcome'],
});

const delay = histogram({
  name: 'emporium_mail_delay_seconds',
  help: 'From the event or request that a mail is about to the acceptance by the mail server.',
  labels: ['emporium_mail_template'],
  buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 1_800, 3_600, 86_400],
});

/** The mail server has accepted a mail about something that happened at `since`. */
export const countSent = (template: string, since: Date, traceparent: string | undefined): void => {
  mails.add(1, { emporium_mail_template: template, emporium_outcome: 'sent' });
  // Prometheus sees the increase only of a series that it has read before.
  mails.add(0, { emporium_mail_template: template, emporium_outcome: 'failed' });
  delay.observe(
    Math.max(0, Date.now() - since.getTime()) / 1_000,
    { emporium_mail_template: template },
    traceparent,
  );
};

/** A mail is not sent, and there is no further attempt. */
export const countFailed = (template: string): void =>
  mails.add(1, { emporium_mail_template: template, emporium_outcome: 'failed' });
