import { composeMail, type MailContent, paragraph } from './compose/compose-mail.ts';

/** Goes to an address that is not confirmed, so it contains nothing that the user entered. */
export const welcomeMail = (): MailContent =>
  composeMail({
    template: 'welcome',
    subject: 'Welcome to Emporium',
    blocks: [
      paragraph(
        'your account is ready. You will hear from us here whenever something happens to your orders.',
      ),
    ],
  });
