import { httpUrl, milliseconds, processConfig, publicKey } from '@emporium/service';
import { z } from 'zod';

const upstream = (port: number) => httpUrl(`http://127.0.0.1:${port}`).optional();

/** A service whose URL is left out has no addresses here: mailbox and the simulators are for development alone. */
const upstreams = z.object({
  USER_REGISTRATION_URL: upstream(4001),
  ORDER_URL: upstream(4002),
  INVENTORY_URL: upstream(4003),
  PAYMENT_URL: upstream(4004),
  SHIPPING_URL: upstream(4005),
  EMAIL_URL: upstream(4006),
  OPERATIONS_URL: upstream(4007),
  MAILBOX_URL: upstream(4008),
  PROVIDER_SIMULATOR_URL: upstream(4009),
  SENSOR_ANALYTICS_URL: upstream(4010),
  SENSOR_SIMULATOR_URL: upstream(4011),
});

export const config = processConfig.extend({
  JWT_PUBLIC_KEY: publicKey,
  ...upstreams.shape,
  /** From the whole request to the first byte of the answer. */
  UPSTREAM_TIMEOUT_MS: milliseconds.default(15_000),
  /** Requests of one kind that may be under way to one service; more answer 503. A kind is an address, reading or writing. */
  UPSTREAM_CAPACITY: z.coerce.number().int().min(1).default(500),
});
export type Config = z.output<typeof config>;

/** The configured services by name, with their URLs. */
export const upstreamsOf = (given: Config): ReadonlyMap<string, string> =>
  new Map(
    upstreams.keyof().options.flatMap((variable): [string, string][] => {
      const url = given[variable];
      return url === undefined ? [] : [[nameOf(variable), url]];
    }),
  );

const nameOf = (variable: string): string => variable.replace(/_URL$/, '').toLowerCase().replaceAll('_', '-');
