import { serviceConfig, streamUrl } from '@emporium/service';
import type { z } from 'zod';

export const config = serviceConfig.extend({
  /** The broker of the open streams. Defaults to `BUS_URL`. */
  STREAM_URL: streamUrl.optional(),
});
export type Config = z.output<typeof config>;
