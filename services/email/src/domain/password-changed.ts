import { composeMail, type MailContent, paragraph } from './compose/compose-mail.ts';

/** So that the owner of an account notices when it was somebody else. */
export const passwordChangedMail = (name: string): MailContent =>
  composeMail({
    template: 'password-changed',
    subject: 'Your password was changed',
    name,
    blocks: [
      paragraph('a new password was set for your account, with a link that we had sent to this address.'),
      paragraph(
        'If it was not you, somebody else can read your mail: secure it, and then set another password.',
      ),
    ],
  });
