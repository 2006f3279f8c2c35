import { port, processConfig } from '@emporium/service';
import { z } from 'zod';

export const config = processConfig.extend({
  SMTP_PORT: port.meta({ examples: ['2525'] }),
  /** JSON lines; without it the mails end with the process. */
  STATE_FILE: z.string().optional(),
});
export type Config = z.output<typeof config>;
