import { z } from 'zod';

/** Compared without regard to case, kept as it was given. */
export const emailAddress = z.email('must be an e-mail address').max(254, 'must have 254 characters or less');

/** 10 to 200 characters; which ones is nobody's business. */
export const password = z
  .string()
  .min(10, 'must have 10 characters or more')
  .max(200, 'must have 200 characters or less');

/** On one line: it goes into mail headers. */
export const personName = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have 200 characters or less')
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be on one line, without control characters');
