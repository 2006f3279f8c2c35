import type { StoredCause, StoredEvent } from '@emporium/event-store';
import { problem, type User } from '@emporium/service';
import { z } from 'zod';
import type { OrderEvent } from './domain/order.ts';

/** One event of an order, as its readers see it. */
export const historyEntry = z.object({
  version: z.int(),
  id: z.string(),
  at: z.string(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
  actor: z
    .object({ kind: z.string(), id: z.string().optional(), name: z.string().optional() })
    .describe(
      'Who did it: a person by id (customers do not see that of an administrator), or a part of the shop by name',
    ),
  correlationId: z.string().optional(),
  causationId: z
    .string()
    .optional()
    .describe('The id of the message, or the span id of the request, that led to it'),
});
export type HistoryEntry = z.output<typeof historyEntry>;

/** Throws a 404 problem unless it is the user's own order, or the user is an administrator. */
export const assertMayRead = ({ userId, role }: User, owner: string | undefined): void => {
  if (owner === undefined || (owner !== userId && role !== 'administrator'))
    throw problem(404, 'not-found', 'There is no such order.');
};

export const entryFor = (
  user: User,
  { version, id, at, event, cause }: StoredEvent<OrderEvent>,
): HistoryEntry => {
  const { actor, ...ids } = cause;
  return {
    ...{ version, id, at: at.toISOString(), type: event.type, data: dataFor(user, event) },
    ...{ actor: actorFor(user, actor), ...ids },
  };
};

/** Customers do not see what an administrator wrote about a refund, as in the views of refunds. */
const dataFor = ({ role }: User, event: OrderEvent): HistoryEntry['data'] => {
  const { type: _, ...data } = event;
  if (role === 'administrator' || (event.type !== 'refund-requested' && event.type !== 'refunded'))
    return data;
  return Object.fromEntries(
    Object.entries(data).filter(([field]) => field !== 'reason' && field !== 'restock'),
  );
};

/** Customers do not learn which administrator it was. */
const actorFor = ({ role }: User, actor: StoredCause['actor']): HistoryEntry['actor'] =>
  actor.kind === 'administrator' && role !== 'administrator' ? { kind: actor.kind } : actor;
