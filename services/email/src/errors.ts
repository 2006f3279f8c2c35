import { catalogue } from '@emporium/bus';

export const emailErrors = catalogue('email', {
  recipient_unknown: { settle: 'retry', message: 'The user of this message is not known here yet' },
  not_sent: { settle: 'retry', message: 'The SMTP server does not take this mail right now' },
  server_away: { settle: 'pause', message: 'The SMTP server cannot be reached, or takes no mail from us' },
  refused: { settle: 'dead-letter', message: 'The SMTP server refuses this mail for good' },
});
