import { port, processConfig } from '@emporium/service';
import { z } from 'zod';

export const config = processConfig.extend({
  SMTP_PORT: port.meta({ examples: ['2525'] }),
  /** A file of JSON lines. Without it mails are kept in memory only. */
  STATE_FILE: z.string().optional(),
});
export type Config = z.output<typeof config>;
