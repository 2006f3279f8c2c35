import { command, createRegistry, event, quick, subscription } from '@emporium/contracts';
import { z } from 'zod';

/** An event in three versions: the total became money, and then got a reason. */
export const paid1 = event('order.paid', {
  owner: 'order',
  version: 1,
  key: 'orderId',
  schema: z.object({ orderId: z.string(), cents: z.int() }),
});

export const paid2 = event('order.paid', {
  owner: 'order',
  version: 2,
  key: 'orderId',
  schema: z.object({ orderId: z.string(), total: z.object({ amount: z.int(), currency: z.string() }) }),
  upcast: {
    from: paid1,
    with: ({ orderId, cents }) => ({ orderId, total: { amount: cents, currency: 'EUR' } }),
  },
});

export const paid3 = event('order.paid', {
  owner: 'order',
  version: 3,
  key: 'orderId',
  schema: paid2.schema.extend({ by: z.string() }),
  upcast: { from: paid2, with: (data) => ({ ...data, by: 'unknown' }) },
});

export const placed = event('order.placed', {
  owner: 'order',
  version: 1,
  key: 'orderId',
  schema: z.object({
    orderId: z.string(),
    lines: z.array(z.object({ sku: z.string() })),
    note: z.string().optional(),
  }),
});

export const reserve = command('inventory.reserve', {
  owner: 'inventory',
  senders: ['order'],
  version: 1,
  key: 'orderId',
  schema: z.object({ orderId: z.string() }),
});

export const commands = subscription('inventory.commands', { to: [reserve], retry: quick });
export const mails = subscription('email.orders', { to: [placed, paid1, paid2, paid3], retry: quick });

export const registry = createRegistry({
  contracts: [paid1, paid2, paid3, placed, reserve],
  subscriptions: [commands, mails],
});
