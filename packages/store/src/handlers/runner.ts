import { busErrors, type Context, createGrouper, type Message, type Run } from '@emporium/bus';
import type { Contract, Registry, Subscription } from '@emporium/contracts';
import { storeErrors } from '../database/errors.ts';
import type { OutboxTransaction } from '../database/transaction.ts';
import { failpoint } from '../failpoint.ts';
import { alreadyBegun, recordBegun } from '../inbox/begun.ts';
import { recordHandled } from '../inbox/inbox.ts';
import { groupSize as groupSizes, inboxHits } from '../metrics.ts';
import { allOrEach } from './all-or-each.ts';
import { bindHandlers } from './bind.ts';
import type { Before, Handler } from './handler.ts';
import {
  type AssertDeclared,
  type BeginningCall,
  beginAll,
  type HandledMessage,
  handleAll,
  isExpired,
} from './handling.ts';

/** Most available deliveries that share one transaction by default. */
const defaultGroupSize = 50;

/** What a runner works on. */
export interface RunnerOptions<DB> {
  readonly transaction: OutboxTransaction<DB>;
  readonly registry: Registry;
  readonly subscription: Subscription;
  readonly handlers: readonly Handler<DB>[];
  /** Most available deliveries that share one transaction; 50 by default. A larger group suits a stream of small messages. */
  readonly groupSize?: number;
  readonly clock?: () => Date;
}

/** What the transaction before a call came to. */
type Beginning =
  | { readonly kind: 'handled before' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'begun'; readonly before: Before<unknown, unknown> };

/**
 * Runs handlers with their inbox row and their effects in one transaction. Available messages share it; when one of them fails
 * it is rolled back, and they are handled one by one: a group changes the speed and nothing else. Within a group the messages
 * go by key, so that rows are locked in the same order everywhere.
 */
export const createRunner = <DB>({
  transaction,
  registry,
  subscription,
  handlers,
  groupSize = defaultGroupSize,
  clock = () => new Date(),
}: RunnerOptions<DB>): { run: Run; handles: readonly Contract[] } => {
  const bound = bindHandlers(subscription, handlers);
  const ofSubscription = { messaging_destination_subscription_name: subscription.name };

  const countHits = (hits: number): void => {
    if (hits > 0) inboxHits.add(hits, ofSubscription);
  };

  const handlerOf = ({ contract }: Message): Handler<DB> => {
    const handler = bound.get(contract);
    if (handler === undefined) throw busErrors.unknown_type({ type: contract.type });
    return handler;
  };

  const assertDeclared: AssertDeclared = ({ contract: handled }, effect) => {
    if (!('contract' in effect) || registry.mayFollow(subscription.name, handled, effect.contract)) return;
    throw storeErrors.undeclared_effect({
      subscription: subscription.name,
      handled: handled.type,
      effect: effect.contract.type,
    });
  };

  const transact = async (items: readonly HandledMessage<DB>[]): Promise<readonly undefined[]> => {
    const now = clock();
    const handled = await transaction(contextsOf(items), async (tx) => {
      const fresh = new Set(await recordHandled(tx, subscription.name, idsOf(items)));
      const due = inKeyOrder(items).filter(({ message }) => fresh.delete(message.id)); // a message that is delivered twice is handled once
      return { result: due.length, entries: await handleAll(due, { tx, now }, assertDeclared) };
    });
    groupSizes.observe(items.length, ofSubscription);
    countHits(items.length - handled);
    failpoint('runner.before-ack');
    return items.map(() => undefined);
  };

  const begin = async (calls: readonly BeginningCall<DB>[]): Promise<readonly Beginning[]> => {
    const beginnings = await transaction(contextsOf(calls), async (tx) => {
      const now = clock();
      const expired = idsOf(calls.filter(({ message }) => isExpired(message, now)));
      const inTime = idsOf(calls.filter(({ message }) => canExpire(message) && !isExpired(message, now)));
      const handled = await recordBegun(tx, subscription.name, { ids: idsOf(calls), inTime });
      const begunBefore = await alreadyBegun(tx, subscription.name, expired);
      const late = new Set(expired.filter((id) => !begunBefore.has(id) && !handled.has(id)));
      const due = inKeyOrder(calls.filter(({ message: { id } }) => !handled.has(id) && !late.has(id)));
      const { begun, entries } = await beginAll(due, { tx, now }, assertDeclared);
      const result = idsOf(calls).map((id): Beginning => {
        const before = begun.get(id);
        if (before !== undefined) return { kind: 'begun', before };
        return { kind: late.has(id) ? 'expired' : 'handled before' };
      });
      return { result, entries };
    });
    countHits(beginnings.filter(({ kind }) => kind === 'handled before').length);
    return beginnings;
  };

  const handling = createGrouper((items: readonly HandledMessage<DB>[]) => allOrEach(items, transact), {
    maxItems: groupSize,
  });
  const beginning = createGrouper((calls: readonly BeginningCall<DB>[]) => allOrEach(calls, begin), {
    maxItems: groupSize,
  });

  const calling = new Map<string, Promise<void>>();

  /** A delivery of a message whose call this process makes already waits, and then finds that it was handled. */
  const callOnce = async (call: BeginningCall<DB>, signal: AbortSignal): Promise<void> => {
    const { id } = call.message;
    for (let other = calling.get(id); other !== undefined; other = calling.get(id)) {
      await other.catch(() => undefined); // its own delivery reports it
    }
    const own = callOutside(call, signal);
    calling.set(id, own);
    try {
      await own;
    } finally {
      calling.delete(id);
    }
  };

  const callOutside = async (call: BeginningCall<DB>, signal: AbortSignal): Promise<void> => {
    const { message, handler } = call;
    const began = await beginning.add(call);
    if (began.kind === 'handled before') return;
    if (began.kind === 'expired') return handling.add(call);
    const { before } = began;
    if (!('request' in before)) {
      return handling.add({ ...call, outcome: { kind: 'answered', effects: before.effects } });
    }
    const { request } = before;
    const idempotencyKey = handler.idempotencyKey?.(message) ?? message.id;
    const response = await handler.call(request, { message, idempotencyKey, signal });
    await handling.add({ ...call, outcome: { kind: 'called', called: { request, response } } });
  };

  const run: Run = async (message, signal) => {
    const handler = handlerOf(message);
    if (handler.kind === 'call') return callOnce({ message, handler }, signal);
    await handling.add({ message, handler });
  };

  return { run, handles: [...bound.keys()] };
};

/** A command without an expiry is never too late: whether its call was begun makes no difference. */
const canExpire = ({ expiry }: Message): boolean => expiry !== undefined;

const idsOf = (items: readonly { readonly message: Message }[]): string[] =>
  items.map(({ message }) => message.id);

const contextsOf = (items: readonly { readonly message: Message }[]): Context[] =>
  items.map(({ message }) => message.context);

const inKeyOrder = <Item extends { readonly message: Message }>(items: readonly Item[]): Item[] =>
  items.toSorted((one, other) =>
    one.message.key < other.message.key ? -1 : one.message.key > other.message.key ? 1 : 0,
  );
