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

/** An event in two versions, of which the first is deprecated. */
const totalled1 = event('counter.totalled', {
  owner: 'inventory',
  version: 1,
  key: 'counter',
  deprecated: true,
  schema: z.object({ counter: z.string(), n: z.number().int() }),
});

export const totalled = event('counter.totalled', {
  owner: 'inventory',
  version: 2,
  key: 'counter',
  schema: z.object({ counter: z.string(), total: z.number().int() }),
  upcast: { from: totalled1, with: ({ n, ...data }) => ({ ...data, total: n }) },
  downcast: ({ total, ...data }) => ({ ...data, n: total }),
});

export const counting = subscription('inventory.counting', { to: [count], retry: quick });
export const inOrder = subscription('inventory.in-order', { to: [counted], ordered: true, retry: quick });
export const heard = subscription('order.heard', { to: [counted, reminded], ordered: true, retry: quick });
export const totals = subscription('order.totals', { to: [totalled1, totalled], retry: quick });

/** Added later than the events that it listens to. */
const late = subscription('order.late', { to: [counted], retry: quick, backfill: true });

export const registry = createRegistry({
  contracts: [count, counted, reminded, totalled1, totalled],
  subscriptions: [counting, inOrder, heard, totals, late],
});
