import {
  busErrors,
  type Effects,
  effectList,
  type Handler,
  type HandlerContext,
  type Message,
  permanent,
} from '@emporium/bus';
import type { Transaction } from 'kysely';
import type { OutboxEntry } from './outbox.ts';

/** A message on its way through a transaction. */
export interface Step<DB> {
  readonly message: Message;
  readonly handler: Handler<Transaction<DB>>;
  /** Of the outside part, where there was one. */
  readonly outcome?: { readonly value: unknown };
}

/** Runs the handlers of these messages, in this order, and gives what should follow. */
export const handleAll = async <DB>(
  steps: readonly Step<DB>[],
  context: HandlerContext<Transaction<DB>>,
): Promise<OutboxEntry[]> => {
  const entries: OutboxEntry[] = [];
  for (const group of neighbours(steps, inOneCall(context.now))) {
    for (const [{ message }, effects] of await handleGroup(group, context)) {
      for (const effect of effectList(effects))
        entries.push({ effect, context: message.context, now: context.now });
    }
  }
  return entries;
};

export const isExpired = ({ expiry }: Message, now: Date): boolean => expiry !== undefined && expiry <= now;

/** What was asked of the outside has happened, however late it is: only what was not begun is too late. */
const isTooLate = <DB>({ message, handler, outcome }: Step<DB>, now: Date): boolean =>
  outcome === undefined && (handler.kind === 'perform' || isExpired(message, now));

/** Whether a handler that takes many takes both in one call. */
const inOneCall =
  <DB>(now: Date) =>
  (one: Step<DB>, other: Step<DB>): boolean =>
    one.handler === other.handler &&
    one.handler.kind !== 'handle' &&
    !isTooLate(one, now) &&
    !isTooLate(other, now);

/**
 * What belongs together, as far as it is next to each other. Handlers of a subscription may lock the same rows: they do so in
 * the order of the items, whoever else has some of them.
 */
export const neighbours = <Item>(
  items: readonly Item[],
  belongTogether: (one: Item, other: Item) => boolean,
): Item[][] => {
  const groups: Item[][] = [];
  for (const item of items) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group !== undefined && last !== undefined && belongTogether(last, item)) group.push(item);
    else groups.push([item]);
  }
  return groups;
};

const handleGroup = async <DB>(
  group: readonly Step<DB>[],
  context: HandlerContext<Transaction<DB>>,
): Promise<readonly (readonly [Step<DB>, Effects])[]> => {
  const [first] = group;
  if (first === undefined) return [];
  const { handler, message } = first;
  if (isTooLate(first, context.now)) {
    if (handler.expired === undefined) throw busErrors.expired({ expiry: message.expiry?.toISOString() });
    return [[first, await handler.expired(message, context)]];
  }
  switch (handler.kind) {
    case 'handle':
      return [[first, await handler.handle(message, context)]];
    case 'perform': {
      const performed = group.map((step) => ({ message: step.message, outcome: step.outcome?.value }));
      return paired(group, await handler.insideBatch(performed, context));
    }
    case 'batch': {
      const messages = group.map((step) => step.message);
      return paired(group, await handler.handleBatch(messages, context));
    }
  }
};

/** What a handler gave for each of many. */
export const paired = <Item, Result>(
  items: readonly Item[],
  results: readonly Result[],
): (readonly [Item, Result])[] => {
  if (results.length !== items.length) {
    throw permanent(`a batch of ${items.length} messages was answered for ${results.length}`);
  }
  return items.map((item, index) => [item, results[index] as Result] as const); // there are as many
};
