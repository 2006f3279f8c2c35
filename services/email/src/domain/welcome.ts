import { composeMail, type Mail, paragraph } from './mail.ts';

export const welcomeMail = (name: string): Mail =>
  composeMail({
    template: 'welcome',
    subject: 'Welcome to Emporium',
    name,
    blocks: [
      paragraph(
        'your account is ready. You will hear from us here whenever something happens to your orders.',
      ),
    ],
  });
