import { createPublicKey } from 'node:crypto';
import { privateKeyFromText, serviceConfig } from '@emporium/service';
import { z } from 'zod';
import { emailAddress, password } from './fields.ts';

/** An Ed25519 private key: base64 of its PKCS #8 DER form, on one line. Parsed to a KeyObject. */
const privateKey = z
  .string()
  .transform((text, context) => {
    const key = privateKeyFromText(text);
    if (key !== undefined) return key;
    context.addIssue('must be an Ed25519 private key, as base64 of its PKCS #8 DER form');
    return z.NEVER;
  })
  .meta({ examples: ['MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF'] });

export const config = serviceConfig
  .extend({
    /** Signs tokens; nobody else has it. The other half is JWT_PUBLIC_KEY. */
    JWT_PRIVATE_KEY: privateKey,
    /** The first administrator, made or brought up to date at every start. Both or neither. */
    ADMIN_EMAIL: emailAddress.meta({ examples: ['admin@shop.example'] }).optional(),
    /** Registrations that one client may make a minute, and at once; more answer 429. 0 for any number. */
    REGISTRATIONS_PER_MINUTE: z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .default(60),
    /** Passwords that may wait to be hashed or checked, two at a time; more answer 503. */
    PASSWORDS_WAITING: z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .default(20),
    ADMIN_PASSWORD: password.meta({ examples: ['a-long-passphrase'] }).optional(),
  })
  .refine(({ JWT_PRIVATE_KEY, JWT_PUBLIC_KEY }) => createPublicKey(JWT_PRIVATE_KEY).equals(JWT_PUBLIC_KEY), {
    path: ['JWT_PRIVATE_KEY'],
    message: 'is not the other half of JWT_PUBLIC_KEY',
  })
  .refine(({ ADMIN_EMAIL, ADMIN_PASSWORD }) => ADMIN_EMAIL === undefined || ADMIN_PASSWORD !== undefined, {
    path: ['ADMIN_PASSWORD'],
    message: 'goes with ADMIN_EMAIL',
  })
  .refine(({ ADMIN_EMAIL, ADMIN_PASSWORD }) => ADMIN_PASSWORD === undefined || ADMIN_EMAIL !== undefined, {
    path: ['ADMIN_EMAIL'],
    message: 'goes with ADMIN_PASSWORD',
  });
export type Config = z.output<typeof config>;
