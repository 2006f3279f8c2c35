import { milliseconds, parseConfig, serviceConfig } from '@emporium/service';
import { z } from 'zod';

const count = z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be 1 or more');

/** The settings that only the order service has. */
export const settings = z.object({
  /** How long a step of the saga waits for its reply. */
  ORDER_STEP_DEADLINE_MS: milliseconds.default(30_000),
  /** How long the dispatch, the pivot, waits for its reply. */
  ORDER_DISPATCH_DEADLINE_MS: milliseconds.default(60_000),
  /** How often a command that must succeed is sent before the order is parked. */
  ORDER_STEP_ATTEMPTS: count.max(100, 'must be 100 or less').default(6),
  /** The delay after a refused capture; it doubles each time. */
  ORDER_RETRY_DELAY_MS: milliseconds.default(1_000),
  /** The version of the saga's commands and their replies. Set it to 1 while instances of a release without version 2 still run. */
  ORDER_COMMAND_VERSION: z.enum(['1', '2'], 'must be 1 or 2').default('2'),
  /** With this many orders in progress, new ones are refused with 503. */
  ORDER_BACKLOG_LIMIT: count.default(20_000),
  /** How long a read with `atLeast` waits for its projection, before the answer is 503. */
  ORDER_READ_WAIT_MS: milliseconds.max(10_000, 'must be 10000 or less').default(2_000),
});
export type Settings = z.output<typeof settings>;

export const config = serviceConfig.extend(settings.shape);
export type Config = z.output<typeof config>;

const databaseConfig = serviceConfig.pick({ DATABASE_URL: true });

/** For programs that need only the database. Throws a ConfigError. */
export const databaseUrl = (): string => parseConfig(databaseConfig, process.env).DATABASE_URL;
