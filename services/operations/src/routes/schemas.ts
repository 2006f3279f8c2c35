import { z } from 'zod';

export const text = z.string().min(1).max(500);

/** The id of a group. */
const group = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'must be the id of a group: 16 hexadecimal digits')
  .optional();

/** The filters that all routes of dead letters share. */
export const filter = { subscription: text.optional(), code: text.optional(), type: text.optional(), group };

/** The filters of what changes many dead letters. */
export const manyFilter = {
  ...filter,
  /** Selects those that last failed before this time. */
  failedBefore: z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' }).optional(),
};

type ManyFilter = { readonly [name in keyof typeof manyFilter]?: string | undefined };

/** An empty body should not change all dead letters. */
export const hasFilter = ({ subscription, code, type, group, failedBefore }: ManyFilter): boolean =>
  (subscription ?? code ?? type ?? group ?? failedBefore) !== undefined;

export const noFilter = {
  path: ['subscription'],
  message: 'or another filter must be given: code, type, group or failedBefore',
};

export const params = z.object({ id: z.string().max(100) });

/** Dead letters may contain personal data. */
export const config = { access: 'administrator' } as const;
