import { z } from 'zod';

/** Any characters, as NIST SP 800-63B recommends. */
export const password = z
  .string()
  .min(10, 'must have 10 characters or more')
  .max(200, 'must have 200 characters or less');
