import { z } from 'zod';

export const text = z.string().min(1).max(500);

/** The filters that all routes of dead letters share. */
export const filter = { subscription: text.optional(), code: text.optional(), type: text.optional() };

export const params = z.object({ id: z.string().max(100) });

/** Dead letters may contain personal data. */
export const config = { access: 'administrator' } as const;
