import { plainText } from '@emporium/service';
import { z } from 'zod';
import { eventTypes } from '../events.ts';

export const config = { access: 'administrator' } as const;
export const withConflict = {
  ...config,
  problems: { 409: 'An attempt is being made, or the webhook is disabled' },
};

export const params = z.object({ id: z.string() });
export const deliveryParams = z.object({ deliveryId: z.string() });

/** What the webhook receives: `all` includes types that are added later. */
export const events = z.union([z.literal('all'), z.array(z.enum(eventTypes)).min(1).max(100)], {
  error: ({ input }) => (input === undefined ? undefined : 'must be all, or a list of event types'),
});

export const url = z.string().min(1).max(10_000);

/** Empty: none. */
export const description = z.union([z.literal(''), plainText(200)]);

export const status = z.enum(['pending', 'delivered', 'failed']);
