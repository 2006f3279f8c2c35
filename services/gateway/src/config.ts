import { httpUrl, milliseconds, processConfig, publicKey } from '@emporium/service';
import { z } from 'zod';
import { type Address, addresses, workers } from './addresses.ts';

const own = processConfig.extend({
  JWT_PUBLIC_KEY: publicKey,
  /** From the complete request to the first byte of the response. */
  UPSTREAM_TIMEOUT_MS: milliseconds.default(15_000),
  /** Requests of one kind in flight or waiting for one service; more are answered 503. A kind is an address, and reading, writing or opening a stream. */
  UPSTREAM_CAPACITY: z.coerce.number().int().min(1).default(500),
  /** Open streams of server-sent events; more are answered 503. */
  EVENT_STREAMS: z.coerce.number().int().min(1).default(1_000),
});

/** `USER_REGISTRATION_URL` */
const variableOf = (service: string): string => `${service.toUpperCase().replaceAll('-', '_')}_URL`;

const urlOf = ({ service, development }: Address): z.ZodType<string | undefined> => {
  const url = httpUrl(`http://${service}:8080`);
  return development === true ? url.optional() : url;
};

/** A variable for each service of the table of addresses, and for each worker. */
const urls: Readonly<Record<never, never>> = Object.fromEntries([
  ...addresses.map((address) => [variableOf(address.service), urlOf(address)]),
  ...workers.map(({ name }) => [variableOf(name), httpUrl(`http://${name}:8080`).optional()]),
]);

/**
 * A missing URL is an error, unless the service is for development only: then it has no addresses. A worker without a URL is not on
 * the status page.
 */
export const config = own.extend(urls).transform((parsed) => {
  const given: Readonly<Record<string, unknown>> = parsed;
  const urlsOf = (names: readonly string[]): ReadonlyMap<string, string> =>
    new Map(
      [...new Set(names)].flatMap((name) => {
        const url = given[variableOf(name)];
        return typeof url === 'string' ? [[name, url] as const] : [];
      }),
    );
  return {
    ...parsed,
    upstreams: urlsOf(addresses.map(({ service }) => service)),
    workers: urlsOf(workers.map(({ name }) => name)),
  };
});

/** `upstreams` and `workers` are the configured ones by name, with their URLs. */
export type Config = z.output<typeof config>;
