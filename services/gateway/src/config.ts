import { httpUrl, milliseconds, processConfig, publicKey } from '@emporium/service';
import { z } from 'zod';
import { type Address, addresses } from './addresses.ts';

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

/** A variable for each service of the table of addresses. */
const urls: Readonly<Record<never, never>> = Object.fromEntries(
  addresses.map((address) => [variableOf(address.service), urlOf(address)]),
);

/** A missing URL is an error, unless the service is for development only: then it has no addresses. */
export const config = own.extend(urls).transform((parsed) => {
  const given: Readonly<Record<string, unknown>> = parsed;
  const services = new Set(addresses.map(({ service }) => service));
  const upstreams = new Map<string, string>();
  for (const service of services) {
    const url = given[variableOf(service)];
    if (typeof url === 'string') upstreams.set(service, url);
  }
  return { ...parsed, upstreams };
});

/** `upstreams` are the configured services by name, with their URLs. */
export type Config = z.output<typeof config>;
