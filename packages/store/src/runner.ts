import {
  bindHandlers,
  busErrors,
  createGrouper,
  type Handler,
  type Message,
  type PerformDefinition,
  type Run,
} from '@emporium/bus';
import type { Contract, Subscription } from '@emporium/contracts';
import type { Kysely, Transaction } from 'kysely';
import type { Atomically } from './atomically.ts';
import { alreadyBegun, recordBegun } from './begun.ts';
import { failpoint } from './failpoint.ts';
import { handleAll, isExpired, neighbours, paired, type Step } from './handling.ts';
import { alreadyHandled, recordHandled } from './inbox.ts';
import { together } from './together.ts';
import { inTransaction } from './transaction.ts';

/** Deliveries at hand that share one transaction, at most, unless it is said otherwise. */
const usualGroupSize = 50;

/** What a runner works on. */
export interface RunnerOptions<DB> {
  readonly db: Kysely<DB>;
  readonly atomically: Atomically<DB>;
  readonly subscription: Subscription;
  readonly handlers: readonly Handler<Transaction<DB>>[];
  /** Deliveries at hand that share one transaction, at most; 50 unless given. More of them suit a stream of small messages. */
  readonly groupSize?: number;
  readonly clock?: () => Date;
}

interface Intention<DB> {
  readonly message: Message;
  readonly handler: PerformDefinition<Transaction<DB>>;
}

/** In place of an intent: nothing is to be asked of the outside. */
const handledBefore = Symbol('handled before');
const tooLate = Symbol('expired before it was begun');

/**
 * Runs handlers with their inbox row and their effects in one transaction. Messages at hand share it; when one of them
 * fails it is rolled back, and they are handled one by one: a group changes the speed and nothing else. Within a group the
 * messages go by key, so that rows are locked in the same order everywhere.
 */
export const createRunner = <DB>(options: RunnerOptions<DB>): { run: Run; handles: readonly Contract[] } => {
  const { db, atomically, subscription, handlers, clock = () => new Date() } = options;
  const { groupSize = usualGroupSize } = options;
  const bound = bindHandlers(subscription, handlers);

  const handlerOf = ({ contract }: Message): Handler<Transaction<DB>> => {
    const handler = bound.get(contract);
    if (handler === undefined) throw busErrors.unknown_type({ type: contract.type });
    return handler;
  };

  const transact = async (steps: readonly Step<DB>[]): Promise<readonly undefined[]> => {
    const now = clock();
    await atomically(async (tx) => {
      const fresh = new Set(await recordHandled(tx, subscription.name, idsOf(steps)));
      const due = inKeyOrder(steps).filter(({ message }) => fresh.delete(message.id)); // a doubled message goes once
      return { result: undefined, entries: await handleAll(due, { tx, now }) };
    });
    failpoint('runner.before-ack');
    return steps.map(() => undefined);
  };

  const intend = (intentions: readonly Intention<DB>[]): Promise<readonly unknown[]> =>
    inTransaction(db, async (tx) => {
      const now = clock();
      const handled = await alreadyHandled(tx, subscription.name, idsOf(intentions));
      const open = intentions.filter(({ message }) => !handled.has(message.id));
      const expired = idsOf(open.filter(({ message }) => isExpired(message, now)));
      const begun = await alreadyBegun(tx, subscription.name, expired);
      const late = new Set(expired.filter((id) => !begun.has(id)));
      const recorded = new Map<string, unknown>([
        ...[...handled].map((id) => [id, handledBefore] as const),
        ...[...late].map((id) => [id, tooLate] as const),
      ]);
      const due = inKeyOrder(open.filter(({ message }) => !late.has(message.id)));
      await recordBegun(tx, subscription.name, idsOf(due.filter(({ message }) => canExpire(message))));
      for (const group of neighbours(due, (one, other) => one.handler === other.handler)) {
        const messages = group.map(({ message }) => message);
        const intents = (await group[0]?.handler.intendBatch(messages, { tx, now })) ?? [];
        for (const [{ id }, intent] of paired(messages, intents)) recorded.set(id, intent);
      }
      return idsOf(intentions).map((id) => recorded.get(id));
    });

  const steps = createGrouper((items: readonly Step<DB>[]) => together(items, transact), { most: groupSize });
  const intents = createGrouper((items: readonly Intention<DB>[]) => together(items, intend), {
    most: groupSize,
  });

  const performing = new Map<string, Promise<void>>();

  /** A delivery of what this process is asking the outside already waits, and then finds that it was handled. */
  const perform = async (
    message: Message,
    handler: PerformDefinition<Transaction<DB>>,
    signal: AbortSignal,
  ): Promise<void> => {
    for (let other = performing.get(message.id); other !== undefined; other = performing.get(message.id)) {
      await other.catch(() => undefined); // its own delivery hears of it
    }
    const own = ask(message, handler, signal);
    performing.set(message.id, own);
    try {
      await own;
    } finally {
      performing.delete(message.id);
    }
  };

  const ask = async (
    message: Message,
    handler: PerformDefinition<Transaction<DB>>,
    signal: AbortSignal,
  ): Promise<void> => {
    const intent = await intents.add({ message, handler });
    if (intent === handledBefore) return;
    if (intent === tooLate) return steps.add({ message, handler });
    const idempotencyKey = handler.idempotencyKey?.(message) ?? message.id;
    const value = await handler.outside(message, intent, { idempotencyKey, signal });
    await steps.add({ message, handler, outcome: { value } });
  };

  const run: Run = async (message, signal) => {
    const handler = handlerOf(message);
    if (handler.kind === 'perform') return perform(message, handler, signal);
    await steps.add({ message, handler });
  };

  return { run, handles: [...bound.keys()] };
};

/** A command without an expiry is never too late: nobody asks whether it was begun. */
const canExpire = ({ expiry }: Message): boolean => expiry !== undefined;

const idsOf = (items: readonly { readonly message: Message }[]): string[] =>
  items.map(({ message }) => message.id);

const inKeyOrder = <Item extends { readonly message: Message }>(items: readonly Item[]): Item[] =>
  items.toSorted((one, other) =>
    one.message.key < other.message.key ? -1 : one.message.key > other.message.key ? 1 : 0,
  );
