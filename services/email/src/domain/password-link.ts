import { composeMail, link, type MailContent, paragraph } from './compose/compose-mail.ts';

export interface PasswordLink {
  readonly url: string;
  readonly expiresAt: Date;
}

/** Goes to an address that may belong to somebody else, so it contains nothing that a user entered. */
export const passwordResetMail = ({ url, expiresAt }: PasswordLink): MailContent =>
  composeMail({
    template: 'password-reset',
    subject: 'Set a new password',
    blocks: [
      paragraph('somebody, probably you, asked for a link to set a new password for your account.'),
      link('Set a new password', url),
      paragraph(validity({ url, expiresAt })),
      paragraph('If it was not you, ignore this mail: your password stays as it is.'),
    ],
  });

/** For an account that another system has registered. */
export const firstPasswordMail = ({ url, expiresAt }: PasswordLink): MailContent =>
  composeMail({
    template: 'first-password',
    subject: 'Choose a password',
    blocks: [
      paragraph('an account was made for you at Emporium. Choose a password to use it.'),
      link('Choose a password', url),
      paragraph(validity({ url, expiresAt })),
      paragraph('If you do not want an account, ignore this mail: nobody can use it without a password.'),
    ],
  });

/** The same, when the link expired before it could be sent. */
export const lateFirstPasswordMail = ({ url }: Pick<PasswordLink, 'url'>): MailContent =>
  composeMail({
    template: 'first-password',
    subject: 'Choose a password',
    blocks: [
      paragraph('an account was made for you at Emporium. To choose a password, request a link here:'),
      link('Request a link', pageOf(url)),
      paragraph('Enter the address that this mail was sent to. The link works once, within an hour.'),
      paragraph('If you do not want an account, ignore this mail: nobody can use it without a password.'),
    ],
  });

const validity = ({ url, expiresAt }: PasswordLink): string =>
  `The link works once, within an hour: until ${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC. You can request another at ${pageOf(url)}`;

/** Without the token. */
const pageOf = (url: string): string => url.replace(/#.*$/s, '');
