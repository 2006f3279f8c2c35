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
  for (const group of byBatch(steps, context.now)) {
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

/**
 * The steps of one batch handler together, at the place of the first. Of those that asked the outside only neighbours: the
 * handlers of a subscription lock the same rows there, and lock them in the order of the steps.
 */
const byBatch = <DB>(steps: readonly Step<DB>[], now: Date): (readonly Step<DB>[])[] => {
  const batches = new Map<Handler<Transaction<DB>>, Step<DB>[]>();
  const groups: Step<DB>[][] = [];
  for (const step of steps) {
    const batched = step.handler.kind === 'batch' && !isTooLate(step, now);
    const last = groups.at(-1);
    const known = batched ? batches.get(step.handler) : askedAlike(last?.[0], step) ? last : undefined;
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

/** Whether one handler asked the outside for both. */
const askedAlike = <DB>(one: Step<DB> | undefined, other: Step<DB>): boolean =>
  one?.handler === other.handler && one.outcome !== undefined && other.outcome !== undefined;

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
