import { subscription } from '@emporium/contracts';
import { describe, expect, test } from 'vitest';
import { commands, mails, paid1, type paid2, paid3, placed, reserve } from '../test/contracts.ts';
import { newContext } from './context.ts';
import { emit } from './effects.ts';
import { bindHandlers, type HandlerContext, handle, handleBatch, perform } from './handler.ts';
import type { Message } from './message.ts';

interface Tx {
  readonly name: string;
}

const context: HandlerContext<Tx> = { tx: { name: 'tx' }, now: new Date(0) };
const message: Message<typeof reserve> = {
  id: 'm-1',
  contract: reserve,
  data: { orderId: 'o-1' },
  key: 'o-1',
  time: new Date(0),
  context: newContext(),
  source: '/emporium/order',
};
const nothing = async () => undefined;

describe('a handler', () => {
  test('is called with the message of its contract, and gives effects as values', async () => {
    const onReserve = handle(reserve, async ({ data }, { tx }: HandlerContext<Tx>) =>
      emit(placed, { orderId: data.orderId, lines: [{ sku: tx.name }] }),
    );
    expect(await onReserve.handle(message, context)).toEqual({
      effect: 'emit',
      contract: placed,
      data: { orderId: 'o-1', lines: [{ sku: 'tx' }] },
    });
    expect(onReserve).toMatchObject({ kind: 'handle', contracts: [reserve] });
    expect(onReserve.expired).toBeUndefined();
  });

  test('may answer an expired command', async () => {
    const expired = async () => emit(placed, { orderId: 'o-1', lines: [] });
    expect(await handle(reserve, nothing, { expired }).expired?.(message, context)).toMatchObject({
      effect: 'emit',
    });
  });

  test('that talks to the outside hands its intent to it, and its outcome to what follows', async () => {
    const onReserve = perform(reserve, {
      idempotencyKey: ({ data }) => `reserve/${data.orderId}`,
      intend: async ({ data }, { tx }: HandlerContext<Tx>) => ({ asked: data.orderId, tx: tx.name }),
      outside: async (_, intent, { idempotencyKey }) => `${intent.asked} ${intent.tx} ${idempotencyKey}`,
      inside: async (_, outcome) => emit(placed, { orderId: outcome, lines: [] }),
    });
    const [intent] = await onReserve.intendBatch([message], context);
    const { signal } = new AbortController();
    const idempotencyKey = onReserve.idempotencyKey?.(message) ?? '';
    const outcome = await onReserve.outside(message, intent, { idempotencyKey, signal });
    expect(await onReserve.insideBatch([{ message, outcome }], context)).toMatchObject([
      { data: { orderId: 'o-1 tx reserve/o-1' } },
    ]);
    expect(onReserve).toMatchObject({ kind: 'perform', contracts: [reserve] });
  });

  test('of batches gives the effects of each message', async () => {
    const onReserve = handleBatch([reserve], async (messages) =>
      messages.map(({ id }) => emit(placed, { orderId: id, lines: [] })),
    );
    const effects = await onReserve.handleBatch([message, { ...message, id: 'm-2' }], context);
    expect(effects).toMatchObject([{ data: { orderId: 'm-1' } }, { data: { orderId: 'm-2' } }]);
    expect(onReserve).toMatchObject({ kind: 'batch', contracts: [reserve] });
  });
});

describe('binding handlers to a subscription', () => {
  const onPlaced = handle(placed, nothing);
  const onPaid = (contract: typeof paid1 | typeof paid2 | typeof paid3) => handle(contract, nothing);

  test('finds the handler of each contract', () => {
    const onReserve = handle(reserve, nothing);
    expect([...bindHandlers(commands, [onReserve])]).toEqual([[reserve, onReserve]]);
  });

  test('gives a batch handler all of its contracts', () => {
    const both = handleBatch([placed, paid3], async () => []);
    expect([...bindHandlers(mails, [both]).keys()]).toEqual([placed, paid3]);
  });

  test('needs no handler for versions that become one that is handled, however old', () => {
    const bound = bindHandlers(mails, [onPlaced, onPaid(paid3)]);
    expect([...bound.keys()]).toEqual([placed, paid3]);
  });

  test('needs none for an older version although the one between is not listened to', () => {
    const oldAndNew = subscription('email.payments', { to: [paid1, paid3], retry: mails.retry });
    expect([...bindHandlers(oldAndNew, [onPaid(paid3)]).keys()]).toEqual([paid3]);
  });

  test('needs one for a newer version than is handled', () => {
    expect(() => bindHandlers(mails, [onPlaced, onPaid(paid1)])).toThrow(
      new Error('email.orders: no handler for order.paid.v2, order.paid.v3'),
    );
  });

  test('refuses a contract without a handler', () => {
    expect(() => bindHandlers(mails, [onPaid(paid3)])).toThrow(
      new Error('email.orders: no handler for order.placed'),
    );
  });

  test('refuses two handlers of a contract', () => {
    expect(() => bindHandlers(mails, [onPlaced, onPlaced, onPaid(paid3)])).toThrow(
      new Error('email.orders: order.placed has two handlers'),
    );
  });

  test('refuses a handler of what the subscription does not listen to', () => {
    expect(() => bindHandlers(commands, [onPlaced])).toThrow(
      new Error('inventory.commands does not listen to order.placed, but has a handler for it'),
    );
  });
});
