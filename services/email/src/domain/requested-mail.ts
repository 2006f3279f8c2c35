import type { MailContent } from './compose/compose-mail.ts';
import {
  firstPasswordMail,
  lateFirstPasswordMail,
  type PasswordLink,
  passwordResetMail,
} from './password-link.ts';
import { welcomeMail } from './welcome.ts';

/** A mail that a command asked for. `late-first-password`: its link has expired. */
export type Requested =
  | { readonly template: 'welcome' }
  | ({ readonly template: 'password-reset' | 'first-password' | 'late-first-password' } & PasswordLink);

export const renderRequestedMail = (requested: Requested): MailContent => {
  switch (requested.template) {
    case 'welcome':
      return welcomeMail();
    case 'password-reset':
      return passwordResetMail(requested);
    case 'first-password':
      return firstPasswordMail(requested);
    case 'late-first-password':
      return lateFirstPasswordMail(requested);
  }
};
