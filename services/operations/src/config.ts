import { serviceConfig, streamUrl } from '@emporium/service';
import { z } from 'zod';

const count = z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be 1 or more');

export const config = serviceConfig.extend({
  /** The broker of the open streams, whose dead letters are kept here too; that of the shop unless given. */
  STREAM_URL: streamUrl.optional(),
  /** An open dead letter is discarded after so many days, and the log says how many. */
  OPEN_DEAD_LETTERS_DAYS: count.max(36_500, 'must be a hundred years or less').default(180),
  /** Of each subscription so many open dead letters are kept, and as many resolved ones; the log says when there are more. */
  DEAD_LETTERS_PER_SUBSCRIPTION: count.max(10_000_000, 'must be ten million or less').default(250_000),
});
export type Config = z.output<typeof config>;
