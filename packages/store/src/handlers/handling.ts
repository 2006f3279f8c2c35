import { busErrors, type Effect, type Effects, effectList, type Message, withContext } from '@emporium/bus';
import type { OutboxEntry } from '../outbox/outbox.ts';
import type {
  AnyUnit,
  Before,
  Called,
  CallHandler,
  Handler,
  HandlerContext,
  MessageHandler,
  StateHandler,
} from './handler.ts';
import { type Decision, paired } from './unit-of-work.ts';

/** A message with its handler, on its way through a transaction. */
export interface HandledMessage<DB> {
  readonly message: Message;
  readonly handler: Handler<DB>;
  /** Of a handler that calls the outside: what came of it. Left out where the command expired before its call. */
  readonly outcome?: Outcome;
}

export type Outcome =
  | { readonly kind: 'called'; readonly called: Called<unknown, unknown> }
  /** Without a call. */
  | { readonly kind: 'answered'; readonly effects: Effects };

/** A command whose call is about to begin. */
export interface BeginningCall<DB> {
  readonly message: Message;
  readonly handler: CallHandler<DB>;
}

/** Throws when an effect of handling this message is not declared. */
export type AssertDeclared = (message: Message, effect: Effect) => void;

/** Runs the handlers of these messages, in this order, and returns what should follow. */
export const handleAll = async <DB>(
  items: readonly HandledMessage<DB>[],
  context: HandlerContext<DB>,
  assertDeclared: AssertDeclared,
): Promise<OutboxEntry[]> => {
  const entries: OutboxEntry[] = [];
  for (const chunk of chunkConsecutive(items, shareCall(context.now))) {
    for (const [{ message }, effects] of await handleChunk(chunk, context))
      entries.push(...entriesOf(message, effects, context.now, assertDeclared));
  }
  return entries;
};

/** Decides what to ask of the outside for each of these commands, and returns what follows from that already. */
export const beginAll = async <DB>(
  calls: readonly BeginningCall<DB>[],
  { tx, now }: HandlerContext<DB>,
  assertDeclared: AssertDeclared,
): Promise<{ readonly begun: Map<string, Before<unknown, unknown>>; readonly entries: OutboxEntry[] }> => {
  const begun = new Map<string, Before<unknown, unknown>>();
  const entries: OutboxEntry[] = [];
  for (const chunk of chunkConsecutive(calls, (one, other) => one.handler.unit === other.handler.unit)) {
    const items = chunk.map((call) => ({ ...call, data: call.message.data }));
    const decided = await unitOf(chunk).decideAll({ tx, now }, items, ({ message, handler }, state) =>
      withContext(message.context, () => handler.before(message, state, now)),
    );
    for (const [{ message }, { decision, followed }] of paired(items, decided)) {
      begun.set(message.id, decision);
      entries.push(...entriesOf(message, effectList(followed), now, assertDeclared));
    }
  }
  return { begun, entries };
};

const unitOf = <DB>(items: readonly { readonly handler: { readonly unit: AnyUnit<DB> } }[]): AnyUnit<DB> => {
  const [first] = items;
  if (first === undefined) throw new Error('a chunk has at least one item');
  return first.handler.unit;
};

const entriesOf = (
  message: Message,
  effects: readonly Effect[],
  now: Date,
  assertDeclared: AssertDeclared,
): OutboxEntry[] =>
  effects.map((effect) => {
    assertDeclared(message, effect);
    return { effect, context: message.context, now };
  });

export const isExpired = ({ expiry }: Message, now: Date): boolean => expiry !== undefined && expiry <= now;

/** A command whose call began in time is never too late. */
const isTooLate = <DB>({ message, handler, outcome }: HandledMessage<DB>, now: Date): boolean =>
  outcome === undefined && (handler.kind === 'call' || isExpired(message, now));

/** Items that are next to each other and are handled in one call. */
const shareCall =
  <DB>(now: Date) =>
  (one: HandledMessage<DB>, other: HandledMessage<DB>): boolean => {
    if (decides(one) && decides(other)) return one.handler.unit === other.handler.unit;
    return (
      one.handler === other.handler &&
      one.handler.kind === 'batch' &&
      !isTooLate(one, now) &&
      !isTooLate(other, now)
    );
  };

type Deciding<DB> = HandledMessage<DB> & { readonly handler: StateHandler<DB> | CallHandler<DB> };

const decides = <DB>(item: HandledMessage<DB>): item is Deciding<DB> =>
  'unit' in item.handler && item.outcome?.kind !== 'answered';

/**
 * Splits a list where consecutive items do not belong together. The order stays: handlers of a subscription may lock the same
 * rows, and do so in the order of the items.
 */
const chunkConsecutive = <Item>(
  items: readonly Item[],
  belongTogether: (one: Item, other: Item) => boolean,
): Item[][] => {
  const chunks: Item[][] = [];
  for (const item of items) {
    const chunk = chunks.at(-1);
    const last = chunk?.at(-1);
    if (chunk !== undefined && last !== undefined && belongTogether(last, item)) chunk.push(item);
    else chunks.push([item]);
  }
  return chunks;
};

type Handled<DB> = readonly (readonly [HandledMessage<DB>, readonly Effect[]])[];

const handleChunk = async <DB>(
  chunk: readonly HandledMessage<DB>[],
  context: HandlerContext<DB>,
): Promise<Handled<DB>> => {
  const [first] = chunk;
  if (first === undefined) return [];
  const { message, handler, outcome } = first;
  if (outcome?.kind === 'answered') return [[first, effectList(outcome.effects)]];
  if (decides(first)) return decideChunk(chunk.filter(decides), context);
  if (handler.kind === 'batch') {
    if (isTooLate(first, context.now)) throw expired(message);
    const messages = chunk.map((item) => item.message);
    const effects = await handler.handleBatch(messages, context);
    return paired(chunk, effects).map(([item, each]) => [item, effectList(each)]);
  }
  if (handler.kind !== 'message') throw new Error(`${message.contract.type}: ${handler.kind} decides`);
  const effects = await withContext(message.context, () => handleOne(message, handler, context));
  return [[first, effectList(effects)]];
};

const handleOne = <DB>(
  message: Message,
  handler: MessageHandler<DB>,
  context: HandlerContext<DB>,
): Promise<Effects> => {
  if (!isExpired(message, context.now)) return handler.handle(message, context);
  if (handler.expired === undefined) throw expired(message);
  return handler.expired(message, context);
};

const decideChunk = async <DB>(
  chunk: readonly Deciding<DB>[],
  { tx, now }: HandlerContext<DB>,
): Promise<Handled<DB>> => {
  const items = chunk.map((item) => ({ ...item, data: item.message.data }));
  const decided = await unitOf(chunk).decideAll({ tx, now }, items, (item, state) =>
    withContext(item.message.context, () => decide(item, state, now)),
  );
  return paired(chunk, decided).map(([item, { decision, followed }]) => [
    item,
    [...effectList(decision.effects), ...effectList(followed)],
  ]);
};

const decide = <DB>(item: Deciding<DB>, state: unknown, now: Date): Decision<unknown> => {
  const { message, handler, outcome } = item;
  if (isTooLate(item, now)) {
    if (handler.expired === undefined) throw expired(message);
    return handler.expired(message, state, now);
  }
  if (handler.kind === 'state') return handler.decide(message, state, now);
  if (outcome?.kind !== 'called') throw new Error(`${message.contract.type}: there was no call`);
  return handler.after(message, state, outcome.called, now);
};

const expired = ({ expiry }: Message) => busErrors.expired({ expiry: expiry?.toISOString() });
