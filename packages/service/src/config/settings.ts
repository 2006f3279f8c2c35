import { z } from 'zod';
import { publicKeyFromText } from '../auth/keys.ts';
import { transportSchemes } from '../transport.ts';
import { telemetryConfig } from './telemetry-settings.ts';

/** A TCP port; 0 lets the system choose a free one. */
export const port = z.coerce
  .number('must be a number')
  .int('must be a whole number')
  .min(0, 'must be 0 or more')
  .max(65_535, 'must be 65535 or less')
  .meta({ examples: ['8080'] });

/** A duration in milliseconds. */
export const milliseconds = z.coerce
  .number('must be a number of milliseconds')
  .int('must be a whole number of milliseconds')
  .min(0, 'must be 0 or more')
  .max(86_400_000, 'must be a day or less')
  .meta({ examples: ['1000'] });

/** A URL with one of these schemes. The error message does not contain the URL, which may contain a password. */
export const url = (schemes: readonly string[], example: string) =>
  z
    .string()
    .refine(
      (text) => schemes.includes(schemeOf(text) ?? ''),
      `must be a URL that begins with ${schemes.join(', ')}`,
    )
    .meta({ examples: [example] });

export const httpUrl = (example: string) => url(['http:', 'https:'], example);

/** A key or password of at least eight characters. */
export const secret = z
  .string()
  .min(8, 'must have 8 characters or more')
  .meta({ examples: ['a-long-random-string'] });

/** An Ed25519 public key: base64 of its SPKI DER form, on one line. Parsed to a KeyObject. */
export const publicKey = z
  .string()
  .transform((text, context) => {
    const key = publicKeyFromText(text);
    if (key !== undefined) return key;
    context.addIssue('must be an Ed25519 public key, as base64 of its SPKI DER form');
    return z.NEVER;
  })
  .meta({ examples: ['MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE='] });

export const logLevel = z
  .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  .meta({ examples: ['info'] });

/** The settings of every process. */
export const processConfig = telemetryConfig.extend({
  PORT: port,
  HOST: z.string().default('127.0.0.1'),
  /** `/metrics` is served on this port, and not on PORT: for a process whose PORT is public. */
  METRICS_PORT: port.optional(),
  LOG_LEVEL: logLevel.default('info'),
  /** Log lines are written to this file, and not to standard output. */
  LOG_FILE: z
    .string()
    .min(1)
    .optional()
    .meta({ examples: ['/var/log/emporium/order.log'] }),
});
export type ProcessConfig = z.output<typeof processConfig>;

/** The scheme selects the transport. */
const brokerUrl = (example: string) => url(transportSchemes, example);

/** The settings of every service with a database: those of a process, its database, the broker, and the key that verifies tokens. */
export const serviceConfig = processConfig.extend({
  DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://order:password@127.0.0.1:5432/order'),
  BUS_URL: brokerUrl('amqp://guest:guest@127.0.0.1:5672'),
  JWT_PUBLIC_KEY: publicKey,
});
export type ServiceConfig = z.output<typeof serviceConfig>;

/** The broker of the open streams, for services that write or read them. */
export const streamUrl = brokerUrl('kafka://127.0.0.1:9092');

const schemeOf = (text: string): string | undefined =>
  URL.canParse(text) ? new URL(text).protocol : undefined;
