import { plainText } from '@emporium/service';
import { z } from 'zod';
import { looksLikeLink } from './domain/links.ts';
import { canonicalAddress } from './email-address.ts';

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

/** Any characters, as NIST SP 800-63B recommends. */
export const password = z
  .string()
  .min(10, 'must have 10 characters or more')
  .max(200, 'must have 200 characters or less');

/** Mails to unconfirmed addresses contain it, so it must not carry a message of its own. */
export const personName = plainText(200).refine(
  (name) => !looksLikeLink(name),
  'must not contain a link or an address',
);
