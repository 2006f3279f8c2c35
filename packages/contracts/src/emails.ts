import { z } from 'zod';
import { emailAddress, id, reason } from './common.ts';
import { command, event } from './define.ts';

const owner = 'email';

/** Sends the welcome mail to somebody who has no account here. Answered with `welcome-mail.sent` or `welcome-mail.failed`. */
export const sendWelcomeMail = command('email.send-welcome-mail', {
  owner,
  senders: ['bridge'],
  version: 1,
  key: 'requestId',
  schema: z.object({ requestId: z.uuid(), email: emailAddress, name: z.string().min(1).max(200) }),
});

/** The mail server has accepted the mail. */
export const welcomeMailSent = event('welcome-mail.sent', {
  owner,
  version: 1,
  key: 'requestId',
  schema: z.object({ requestId: z.uuid() }),
});

/** The mail server refused the mail for good, or was unavailable for too long. */
export const welcomeMailFailed = event('welcome-mail.failed', {
  owner,
  version: 1,
  key: 'requestId',
  schema: z.object({ requestId: z.uuid(), reason }),
});

/** Sends the link with which a user sets a password, once and until `expiresAt`. */
export const sendPasswordLink = command('email.send-password-link', {
  owner,
  senders: ['user-registration'],
  version: 1,
  key: 'userId',
  schema: z.object({
    userId: id,
    email: emailAddress,
    /** `first`: the account was made by another system, and has no password yet. */
    purpose: z.enum(['reset', 'first']),
    url: z.url({ protocol: /^https?$/ }).max(2_000),
    expiresAt: z.iso.datetime().max(40),
  }),
});
