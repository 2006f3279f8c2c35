import { milliseconds, serviceConfig } from '@emporium/service';
import { z } from 'zod';

const count = z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be 1 or more');

/** What is the order service's own. */
export const settings = z.object({
  /** How long a step of an order waits for its reply. */
  ORDER_STEP_DEADLINE_MS: milliseconds.default(30_000),
  /** How long the dispatch, the pivot, waits for its reply. */
  ORDER_DISPATCH_DEADLINE_MS: milliseconds.default(60_000),
  /** How often a request that must succeed is made before the order waits for a person. */
  ORDER_STEP_ATTEMPTS: count.max(100, 'must be 100 or less').default(6),
  /** The wait after a refused capture; it doubles. */
  ORDER_RETRY_DELAY_MS: milliseconds.default(1_000),
  /** The version of the saga's commands, and so of their replies. 1 while instances that know no other still run. */
  ORDER_COMMAND_VERSION: z.enum(['1', '2'], 'must be 1 or 2').default('2'),
  /** Orders in progress at which new ones are turned away with 503. */
  ORDER_BACKLOG_LIMIT: count.default(20_000),
});
export type Settings = z.output<typeof settings>;

export const config = serviceConfig.extend(settings.shape);
export type Config = z.output<typeof config>;
