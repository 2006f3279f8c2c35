import { z } from 'zod';
import { plainText } from '../http/validation/fields.ts';
import { canonicalAddress } from './email-address.ts';
import { looksLikeLink } from './links.ts';

/** Parsed to its canonical form. */
export const emailAddress = z
  .string()
  .max(320, 'must have at most 320 characters')
  .transform((text, context) => {
    const address = canonicalAddress(text);
    if (address !== undefined) return address;
    context.addIssue('must be an e-mail address');
    return z.NEVER;
  })
  .meta({ type: 'string', examples: ['ada@shop.example'] });

/** Mails to unconfirmed addresses contain it, so it must not carry a message of its own. */
export const personName = plainText(200).refine(
  (name) => !looksLikeLink(name),
  'must not contain a link or an address',
);
