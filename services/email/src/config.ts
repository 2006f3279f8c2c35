import { serviceConfig, url } from '@emporium/service';
import { z } from 'zod';

/** Who writes or is written to: an address, or a name with one, as in a mail's From. */
const mailbox = z
  .string()
  .transform((text, context) => {
    const [, name, named, bare] = /^(?:([^<>\p{Cc}]*)<([^<>]+)>|([^<>]+))$/u.exec(text.trim()) ?? [];
    const address = z.email().safeParse((named ?? bare ?? '').trim());
    if (address.success) return { name: name?.trim() ?? '', address: address.data };
    context.addIssue('must be an e-mail address, with a name before it or without');
    return z.NEVER;
  })
  .meta({ examples: ['Emporium <shop@emporium.example>'] });

export const config = serviceConfig.extend({
  /** `smtps:` for TLS from the start; `smtp:` changes to TLS where the server offers it. */
  SMTP_URL: url(['smtp:', 'smtps:'], 'smtp://user:password@mail.example:587').default(
    'smtp://127.0.0.1:2525',
  ),
  MAIL_FROM: mailbox.prefault('Emporium <shop@emporium.example>'),
  /** Who is told of alerts. */
  OPERATIONS_ADDRESS: mailbox.prefault('Operations <operations@emporium.example>'),
});
export type Config = z.output<typeof config>;
