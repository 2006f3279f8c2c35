import { serviceConfig, streamUrl } from '@emporium/service';
import type { z } from 'zod';

export const config = serviceConfig.extend({
  /** The broker of the open streams, whose dead letters are kept here too; that of the shop unless given. */
  STREAM_URL: streamUrl.optional(),
});
export type Config = z.output<typeof config>;
