import {
  bindHandlers,
  busErrors,
  createGrouper,
  type Effects,
  effectList,
  type Handler,
  type HandlerContext,
  type Message,
  type PerformDefinition,
  permanent,
  type Run,
  settlementOf,
} from '@emporium/bus';
import type { Contract, Subscription } from '@emporium/contracts';
import type { Kysely, Transaction } from 'kysely';
import { failpoint } from './failpoint.ts';
import { alreadyHandled, recordHandled } from './inbox.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import { inTransaction } from './transaction.ts';

/** Deliveries at hand that share one transaction, at most. */
const groupSize = 50;

/** What a runner works on. */
export interface RunnerOptions<DB> {
  readonly db: Kysely<DB>;
  readonly outbox: Outbox;
  readonly subscription: Subscription;
  readonly handlers: readonly Handler<Transaction<DB>>[];
  /** Called after each commit that wrote effects. */
  readonly committed: () => void;
  readonly clock?: () => Date;
}

interface Step<DB> {
  readonly message: Message;
  /** Of the outside part, where there was one. */
  readonly outcome?: { readonly value: unknown };
  readonly handler: Handler<Transaction<DB>>;
}

/** Tells a message that was handled before from one whose intent is recorded. */
const handledBefore = Symbol('handled before');

/**
 * Runs handlers with their inbox row and their effects in one transaction. Messages at hand share it; when one of them
 * fails it is rolled back, and they are handled one by one: a group changes the speed and nothing else. Within a group the
 * messages go by key, so that rows are locked in the same order everywhere.
 */
export const createRunner = <DB>(options: RunnerOptions<DB>): { run: Run; handles: readonly Contract[] } => {
  const { db, outbox, subscription, handlers, committed, clock = () => new Date() } = options;
  const bound = bindHandlers(subscription, handlers);

  const handlerOf = ({ contract }: Message): Handler<Transaction<DB>> => {
    const handler = bound.get(contract);
    if (handler === undefined) throw busErrors.unknown_type({ type: contract.type });
    return handler;
  };

  const transact = async (steps: readonly Step<DB>[]): Promise<void> => {
    const now = clock();
    const wrote = await inTransaction(db, async (tx) => {
      const ids = steps.map(({ message }) => message.id);
      const fresh = new Set(await recordHandled(tx, subscription.name, ids));
      const due = inKeyOrder(steps).filter(({ message }) => fresh.delete(message.id)); // a doubled message goes once
      const entries = await handleAll(due, { tx, now });
      await outbox.write(tx, entries);
      return entries.length > 0;
    });
    if (wrote) committed();
    failpoint('runner.before-ack');
  };

  /** One group, or, when that fails, each by itself. */
  const settled = async <Item, Result>(
    items: readonly Item[],
    work: (items: readonly Item[]) => Promise<readonly Result[]>,
  ): Promise<PromiseSettledResult<Result>[]> => {
    try {
      const results = await work(items);
      return results.map((value) => ({ status: 'fulfilled', value }));
    } catch (reason) {
      if (items.length === 1) return [{ status: 'rejected', reason }];
      if (settlementOf(reason) === 'pause') return items.map(() => ({ status: 'rejected', reason }));
      const results: PromiseSettledResult<Result>[] = [];
      for (const item of items) results.push(...(await settled([item], work)));
      return results;
    }
  };

  const steps = createGrouper<Step<DB>, void>(
    (items) =>
      settled(items, async (group) => {
        await transact(group);
        return group.map(() => undefined);
      }),
    { most: groupSize },
  );

  const intents = createGrouper<{ message: Message; handler: PerformDefinition<Transaction<DB>> }, unknown>(
    (items) =>
      settled(items, (group) =>
        inTransaction(db, async (tx) => {
          const now = clock();
          const ids = group.map(({ message }) => message.id);
          const handled = await alreadyHandled(tx, subscription.name, ids);
          const recorded = new Map<string, unknown>();
          for (const { message, handler } of inKeyOrder(group)) {
            const known = handled.has(message.id) || recorded.has(message.id);
            if (!known) recorded.set(message.id, await handler.intend(message, { tx, now }));
          }
          return ids.map((id) => (handled.has(id) ? handledBefore : recorded.get(id)));
        }),
      ),
    { most: groupSize },
  );

  const run: Run = async (message, signal) => {
    const handler = handlerOf(message);
    if (handler.kind !== 'perform' || isExpired(message, clock())) return steps.add({ message, handler });
    const intent = await intents.add({ message, handler });
    if (intent === handledBefore) return;
    const idempotencyKey = handler.idempotencyKey?.(message) ?? message.id;
    const value = await handler.outside(message, intent, { idempotencyKey, signal });
    return steps.add({ message, handler, outcome: { value } });
  };

  return { run, handles: [...bound.keys()] };
};

const handleAll = async <DB>(
  steps: readonly Step<DB>[],
  context: HandlerContext<Transaction<DB>>,
): Promise<OutboxEntry[]> => {
  const entries: OutboxEntry[] = [];
  const add = (message: Message, effects: Effects) => {
    for (const effect of effectList(effects))
      entries.push({ effect, context: message.context, now: context.now });
  };
  for (const group of byBatch(steps, context.now)) {
    const [first] = group;
    if (first?.handler.kind === 'batch' && !isExpired(first.message, context.now)) {
      const messages = group.map(({ message }) => message);
      const effects = await first.handler.handleBatch(messages, context);
      if (effects.length !== messages.length) {
        throw permanent(`a batch of ${messages.length} messages was answered by ${effects.length} effects`);
      }
      for (const [index, message] of messages.entries()) add(message, effects[index]);
    } else {
      for (const step of group) add(step.message, await handleOne(step, context));
    }
  }
  return entries;
};

const handleOne = <DB>(
  { message, outcome, handler }: Step<DB>,
  context: HandlerContext<Transaction<DB>>,
): Promise<Effects> => {
  // What was asked of the outside has happened, however late it is: only what was not begun can expire.
  if (outcome === undefined && isExpired(message, context.now)) {
    if (handler.expired === undefined) throw busErrors.expired({ expiry: message.expiry?.toISOString() });
    return handler.expired(message, context);
  }
  switch (handler.kind) {
    case 'handle':
      return handler.handle(message, context);
    case 'perform':
      return handler.inside(message, outcome?.value, context);
    case 'batch':
      throw permanent('a batch handler is called with batches');
  }
};

/** Steps of one batch handler together, everything else by itself; expired ones are answered one by one. */
const byBatch = <DB>(steps: readonly Step<DB>[], now: Date): (readonly Step<DB>[])[] => {
  const batches = new Map<Handler<Transaction<DB>>, Step<DB>[]>();
  const groups: Step<DB>[][] = [];
  for (const step of steps) {
    const batched = step.handler.kind === 'batch' && !isExpired(step.message, now);
    const known = batched ? batches.get(step.handler) : undefined;
    if (known !== undefined) {
      known.push(step);
      continue;
    }
    const group = [step];
    groups.push(group);
    if (batched) batches.set(step.handler, group);
  }
  return groups;
};

const inKeyOrder = <Item extends { readonly message: Message }>(items: readonly Item[]): Item[] =>
  items.toSorted((one, other) =>
    one.message.key < other.message.key ? -1 : one.message.key > other.message.key ? 1 : 0,
  );

const isExpired = ({ expiry }: Message, now: Date): boolean => expiry !== undefined && expiry <= now;
