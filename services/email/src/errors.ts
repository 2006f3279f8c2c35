import { catalogue } from '@emporium/bus';

export const emailErrors = catalogue('email', {
  recipient_unknown: { settle: 'retry', message: 'The recipient of this mail is not known yet' },
  not_sent: { settle: 'retry', message: 'The SMTP server did not accept this mail' },
  server_away: { settle: 'pause', message: 'The SMTP server cannot be reached or accepts no mail from us' },
  refused: { settle: 'dead-letter', message: 'The SMTP server permanently rejected this mail' },
});
