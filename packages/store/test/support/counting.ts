import { command, createRegistry, event, quick, subscription } from '@emporium/contracts';
import { z } from 'zod';

/** A system of two services, as small as can be: `order` asks `inventory` to count, and hears that it has counted. */
export const count = command('inventory.count', {
  owner: 'inventory',
  senders: ['order'],
  version: 1,
  key: 'counter',
  schema: z.object({ counter: z.string(), n: z.number().int() }),
});

export const counted = event('counter.counted', {
  owner: 'inventory',
  version: 1,
  key: 'counter',
  schema: z.object({ counter: z.string(), n: z.number().int() }),
});

export const reminded = event('counter.reminded', {
  owner: 'inventory',
  version: 1,
  key: 'counter',
  schema: z.object({ counter: z.string() }),
});

export const counting = subscription('inventory.counting', { to: [count], retry: quick });
export const inOrder = subscription('inventory.in-order', { to: [counted], ordered: true, retry: quick });
export const heard = subscription('order.heard', { to: [counted, reminded], ordered: true, retry: quick });

/** Born later than the events that it listens to. */
const late = subscription('order.late', { to: [counted], retry: quick, backfill: true });

export const registry = createRegistry({
  contracts: [count, counted, reminded],
  subscriptions: [counting, inOrder, heard, late],
});
