import { upcastPath } from '@emporium/bus';
import type { Contract, Subscription } from '@emporium/contracts';
import type { Handler } from './handler.ts';
import { assertShared } from './unit-of-work.ts';

/**
 * Which handler takes which contract. Throws unless every contract of the subscription has exactly one, or becomes a newer
 * version that has; and unless handlers that lock rows of one table share a unit of work.
 */
export const bindHandlers = <DB>(
  subscription: Subscription,
  handlers: readonly Handler<DB>[],
): ReadonlyMap<Contract, Handler<DB>> => {
  const bound = new Map<Contract, Handler<DB>>();
  for (const handler of handlers) {
    const { contract } = handler;
    if (bound.has(contract)) throw new Error(`${subscription.name}: ${contract.type} has two handlers`);
    if (!subscription.to.includes(contract)) {
      throw new Error(`${subscription.name} does not listen to ${contract.type}, but has a handler for it`);
    }
    bound.set(contract, handler);
  }
  const missing = subscription.to.filter(
    (contract) => !bound.has(contract) && ![...bound.keys()].some((newer) => upcastPath(contract, newer)),
  );
  if (missing.length > 0) {
    throw new Error(`${subscription.name}: no handler for ${missing.map(({ type }) => type).join(', ')}`);
  }
  assertShared(
    subscription.name,
    handlers.flatMap((handler) => ('unit' in handler ? [handler.unit] : [])),
  );
  return bound;
};
