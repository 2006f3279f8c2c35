import type { Contract, Subscription } from '@emporium/contracts';
import type { Effects } from './effects.ts';
import { type Message, upcastPath } from './message.ts';

/** What a handler works with, beside the message. `Tx` is the service's open transaction. */
export interface HandlerContext<Tx> {
  readonly tx: Tx;
  /** The time of this handling; handlers read no clock. */
  readonly now: Date;
}

/** What the part that talks to the outside works with. */
export interface OutsideContext {
  /** What the outside world recognises a repetition by; the same for every attempt. */
  readonly idempotencyKey: string;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

/**
 * One entry of a composition root: which messages, and what becomes of them. The members are methods, so that a handler of
 * one contract is a handler: the binding by contract makes sure that it sees no other.
 */
export type Handler<Tx> = HandleDefinition<Tx> | PerformDefinition<Tx> | BatchDefinition<Tx>;

export interface HandleDefinition<Tx> {
  readonly kind: 'handle';
  readonly contracts: readonly Contract[];
  handle(message: Message, context: HandlerContext<Tx>): Promise<Effects>;
  expired?(message: Message, context: HandlerContext<Tx>): Promise<Effects>;
}

export interface PerformDefinition<Tx> {
  readonly kind: 'perform';
  readonly contracts: readonly Contract[];
  idempotencyKey?(message: Message): string;
  intendBatch(messages: readonly Message[], context: HandlerContext<Tx>): Promise<readonly unknown[]>;
  outside(message: Message, intent: unknown, context: OutsideContext): Promise<unknown>;
  insideBatch(performed: readonly Performed[], context: HandlerContext<Tx>): Promise<readonly Effects[]>;
  expired?(message: Message, context: HandlerContext<Tx>): Promise<Effects>;
}

/** A message, and what its outside part brought. */
export interface Performed<C extends Contract = Contract, Outcome = unknown> {
  readonly message: Message<C>;
  readonly outcome: Outcome;
}

export interface BatchDefinition<Tx> {
  readonly kind: 'batch';
  readonly contracts: readonly Contract[];
  handleBatch(messages: readonly Message[], context: HandlerContext<Tx>): Promise<readonly Effects[]>;
  expired?(message: Message, context: HandlerContext<Tx>): Promise<Effects>;
}

interface Options<C extends Contract, Tx> {
  /** Answers a command that has expired, in place of executing it: with a rejection. */
  expired?(message: Message<C>, context: HandlerContext<Tx>): Promise<Effects>;
}

/**
 * A handler is a function from a message to what should follow. It runs in one transaction with its inbox row and its
 * outgoing messages, together with other messages that are at hand; it may run again when that transaction is rolled back.
 */
export const handle = <C extends Contract, Tx>(
  contract: C,
  handler: (message: Message<C>, context: HandlerContext<Tx>) => Promise<Effects>,
  options: Options<C, Tx> = {},
): HandleDefinition<Tx> => ({ kind: 'handle', contracts: [contract], handle: handler, ...options });

interface Outside<C extends Contract, Tx, Intent, Outcome> extends Options<C, Tx> {
  /** Made from what is done rather than from the message that asks for it; by default the message's id. */
  idempotencyKey?(message: Message<C>): string;
  /** Talks to the outside world in no transaction. Repeatable: the idempotency key makes a repetition harmless. */
  outside(message: Message<C>, intent: Intent, context: OutsideContext): Promise<Outcome>;
}

interface Performance<C extends Contract, Tx, Intent, Outcome> extends Outside<C, Tx, Intent, Outcome> {
  /** A short transaction that records what is about to be asked, and may decide (a tombstone) that it must not be. */
  intend(message: Message<C>, context: HandlerContext<Tx>): Promise<Intent>;
  /** What follows, in the transaction of the inbox row. */
  inside(message: Message<C>, outcome: Outcome, context: HandlerContext<Tx>): Promise<Effects>;
}

/** A handler that talks to the outside world: no connection is held while the outside stalls. */
export const perform = <C extends Contract, Tx, Intent, Outcome>(
  contract: C,
  { intend, inside, ...outside }: Performance<C, Tx, Intent, Outcome>,
): PerformDefinition<Tx> =>
  performBatch<C, Tx, Intent, Outcome>(contract, {
    ...outside,
    intendBatch: (messages, context) => oneByOne(messages, (message) => intend(message, context)),
    insideBatch: (performed, context) =>
      oneByOne(performed, ({ message, outcome }) => inside(message, outcome, context)),
  });

interface BatchPerformance<C extends Contract, Tx, Intent, Outcome> extends Outside<C, Tx, Intent, Outcome> {
  /** As `intend` of `perform`, for many; gives the intent of each, in their order. */
  intendBatch(messages: readonly Message<C>[], context: HandlerContext<Tx>): Promise<readonly Intent[]>;
  /** As `inside` of `perform`, for many that are back from the outside; gives the effects of each, in their order. */
  insideBatch(
    performed: readonly Performed<C, Outcome>[],
    context: HandlerContext<Tx>,
  ): Promise<readonly Effects[]>;
}

/**
 * As `perform`, with set-based writes before and after, as `handleBatch` has them: the outside is asked for each message by
 * itself. When a part for many throws, it is called with each message by itself.
 */
export const performBatch = <C extends Contract, Tx, Intent, Outcome>(
  contract: C,
  performance: BatchPerformance<C, Tx, Intent, Outcome>,
): PerformDefinition<Tx> => ({ kind: 'perform', contracts: [contract], ...performance });

const oneByOne = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
};

/**
 * Handles the messages that are at hand together: one lock statement in a fixed order, set-based writes. Gives the effects of
 * each message, in the order of the messages, which is that of their keys; one that another handler of the subscription has
 * in between makes it two calls. When it throws, it is called with each message by itself.
 */
export const handleBatch = <C extends Contract, Tx>(
  contracts: readonly C[],
  handler: (messages: readonly Message<C>[], context: HandlerContext<Tx>) => Promise<readonly Effects[]>,
  options: Options<C, Tx> = {},
): BatchDefinition<Tx> => ({ kind: 'batch', contracts, handleBatch: handler, ...options });

/**
 * Which handler takes which contract. Throws unless every contract of the subscription has exactly one, or becomes a newer
 * version that has.
 */
export const bindHandlers = <Tx>(
  subscription: Subscription,
  handlers: readonly Handler<Tx>[],
): ReadonlyMap<Contract, Handler<Tx>> => {
  const bound = new Map<Contract, Handler<Tx>>();
  for (const handler of handlers) {
    for (const contract of handler.contracts) {
      if (bound.has(contract)) throw new Error(`${subscription.name}: ${contract.type} has two handlers`);
      if (!subscription.to.includes(contract)) {
        throw new Error(`${subscription.name} does not listen to ${contract.type}, but has a handler for it`);
      }
      bound.set(contract, handler);
    }
  }
  const missing = subscription.to.filter(
    (contract) => !bound.has(contract) && ![...bound.keys()].some((newer) => upcastPath(contract, newer)),
  );
  if (missing.length > 0) {
    throw new Error(`${subscription.name}: no handler for ${missing.map(({ type }) => type).join(', ')}`);
  }
  return bound;
};
