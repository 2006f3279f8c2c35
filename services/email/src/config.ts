import { processConfig, serviceConfig, url } from '@emporium/service';
import { taskSchemes } from '@emporium/tasks';
import { z } from 'zod';
import { parseAddress } from './smtp/address.ts';

/** An address with or without a display name, as in a From header. */
const emailAddress = z
  .string()
  .transform((text, context) => {
    const [, name, named, bare] = /^(?:([^<>\p{Cc}]*)<([^<>]+)>|([^<>]+))$/u.exec(text.trim()) ?? [];
    const address = parseAddress(named ?? bare ?? '');
    if (address !== undefined) return { name: name?.trim() ?? '', address };
    context.addIssue('must be an e-mail address, with or without a name before it');
    return z.NEVER;
  })
  .meta({ examples: ['Emporium <shop@emporium.example>'] });

const tasksUrl = url(taskSchemes, 'redis://:password@127.0.0.1:6379');

export const config = serviceConfig.extend({ TASKS_URL: tasksUrl });
export type Config = z.output<typeof config>;

/** The configuration of the worker, which sends the mails. */
export const workerConfig = processConfig.extend({
  DATABASE_URL: serviceConfig.shape.DATABASE_URL,
  TASKS_URL: tasksUrl,
  /** `smtps:` uses TLS from the start; `smtp:` upgrades to TLS if the server offers STARTTLS. */
  SMTP_URL: url(['smtp:', 'smtps:'], 'smtp://user:password@mail.example:587').default(
    'smtp://127.0.0.1:2525',
  ),
  MAIL_FROM: emailAddress.prefault('Emporium <shop@emporium.example>'),
  /** The recipient of temperature alerts and of the daily digest. */
  OPERATIONS_ADDRESS: emailAddress.prefault('Operations <operations@emporium.example>'),
});
export type WorkerConfig = z.output<typeof workerConfig>;
