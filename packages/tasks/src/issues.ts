import type { z } from 'zod';

/** The first fields that are wrong, each with what is wrong about it. Values are not told: they may be personal. */
export const issuesOf = (at: string, error: z.ZodError): Record<string, string> =>
  Object.fromEntries(error.issues.slice(0, 5).map(({ path, message }) => [[at, ...path].join('.'), message]));
