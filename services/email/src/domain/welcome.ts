import { composeMail, type Mail, paragraph } from './mail.ts';

/** The first mail to an address that nobody has confirmed: it holds nothing that whoever registered has written. */
export const welcomeMail = (): Mail =>
  composeMail({
    template: 'welcome',
    subject: 'Welcome to Emporium',
    blocks: [
      paragraph(
        'your account is ready. You will hear from us here whenever something happens to your orders.',
      ),
    ],
  });
