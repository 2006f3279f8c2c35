import { createPublicKey } from 'node:crypto';
import { emailAddress, httpUrl, privateKeyFromText, serviceConfig } from '@emporium/service';
import { z } from 'zod';
import { password } from './fields.ts';

/** An Ed25519 private key: base64 of its PKCS #8 DER form, on one line. Parsed to a `KeyObject`. */
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
    /** Signs tokens. Must match `JWT_PUBLIC_KEY`, with which other services verify them. */
    JWT_PRIVATE_KEY: privateKey,
    /** The administrator, created or updated at every start. Requires `ADMIN_PASSWORD`. */
    ADMIN_EMAIL: emailAddress.meta({ examples: ['admin@shop.example'] }).optional(),
    /** The registrations per client and minute, which may be made at once; more get a 429. 0 for no limit. */
    REGISTRATIONS_PER_MINUTE: z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .default(60),
    /** The requests for password links per client and minute, which may be made at once; more get a 429. 0 for no limit. */
    PASSWORD_RESETS_PER_MINUTE: z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .default(10),
    /** What people enter to reach the shop. Links in mails begin with it. */
    SHOP_URL: httpUrl('https://shop.example').refine(
      (text) => URL.canParse(text) && new URL(text).search === '' && new URL(text).hash === '',
      'must have no query and no fragment',
    ),
    /** The requests that may wait for a password to be hashed or verified; more get a 503. */
    PASSWORDS_WAITING: z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .default(20),
    ADMIN_PASSWORD: password.meta({ examples: ['a-long-passphrase'] }).optional(),
  })
  .refine(({ JWT_PRIVATE_KEY, JWT_PUBLIC_KEY }) => createPublicKey(JWT_PRIVATE_KEY).equals(JWT_PUBLIC_KEY), {
    path: ['JWT_PRIVATE_KEY'],
    message: 'does not match JWT_PUBLIC_KEY',
  })
  .refine(({ ADMIN_EMAIL, ADMIN_PASSWORD }) => ADMIN_EMAIL === undefined || ADMIN_PASSWORD !== undefined, {
    path: ['ADMIN_PASSWORD'],
    message: 'is required with ADMIN_EMAIL',
  })
  .refine(({ ADMIN_EMAIL, ADMIN_PASSWORD }) => ADMIN_PASSWORD === undefined || ADMIN_EMAIL !== undefined, {
    path: ['ADMIN_EMAIL'],
    message: 'is required with ADMIN_PASSWORD',
  });
export type Config = z.output<typeof config>;
