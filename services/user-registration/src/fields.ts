import { plainText } from '@emporium/service';
import { z } from 'zod';
import { looksLikeLink } from './domain/links.ts';
import { canonicalAddress } from './email-address.ts';

/** In its canonical form: without the spaces around it, and with its domain in ASCII and small letters. */
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

/** 10 to 200 characters; which ones is nobody's business. */
export const password = z
  .string()
  .min(10, 'must have 10 characters or more')
  .max(200, 'must have 200 characters or less');

/** It goes into mails to an address that nobody has confirmed: a stranger must not be able to write one with it. */
export const personName = plainText(200).refine(
  (name) => !looksLikeLink(name),
  'must not hold a link or an address',
);
