import { processConfig, serviceConfig, url } from '@emporium/service';
import { taskSchemes } from '@emporium/tasks';
import { z } from 'zod';
import { parseAddress } from './address.ts';

/** Who writes or is written to: an address, or a name with one, as in a mail's From. */
const mailbox = z
  .string()
  .transform((text, context) => {
    const [, name, named, bare] = /^(?:([^<>\p{Cc}]*)<([^<>]+)>|([^<>]+))$/u.exec(text.trim()) ?? [];
    const address = parseAddress(named ?? bare ?? '');
    if (address !== undefined) return { name: name?.trim() ?? '', address };
    context.addIssue('must be an e-mail address, with a name before it or without');
    return z.NEVER;
  })
  .meta({ examples: ['Emporium <shop@emporium.example>'] });

const tasksUrl = url(taskSchemes, 'redis://:password@127.0.0.1:6379');

export const config = serviceConfig.extend({ TASKS_URL: tasksUrl });
export type Config = z.output<typeof config>;

/** Of the process that sends. */
export const workerConfig = processConfig.extend({
  DATABASE_URL: serviceConfig.shape.DATABASE_URL,
  TASKS_URL: tasksUrl,
  /** `smtps:` for TLS from the start; `smtp:` changes to TLS where the server offers it. */
  SMTP_URL: url(['smtp:', 'smtps:'], 'smtp://user:password@mail.example:587').default(
    'smtp://127.0.0.1:2525',
  ),
  MAIL_FROM: mailbox.prefault('Emporium <shop@emporium.example>'),
  /** Who is told of alerts, and each morning what the mail of the last day was. */
  OPERATIONS_ADDRESS: mailbox.prefault('Operations <operations@emporium.example>'),
});
export type WorkerConfig = z.output<typeof workerConfig>;
