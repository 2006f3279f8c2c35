import { command, event, quick, subscription } from '@emporium/contracts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bindHandlers } from './bind.ts';
import { handlersFor } from './handlers-for.ts';

const { handle, unitOfWork } = handlersFor<object>();

const schema = z.object({ orderId: z.string() });
const define = { owner: 'order', key: 'orderId', schema } as const;
const placed = event('order.placed', { ...define, version: 1 });
const paid1 = event('order.paid', { ...define, version: 1 });
const paid2 = event('order.paid', { ...define, version: 2, upcast: { from: paid1, with: (data) => data } });
const paid3 = event('order.paid', { ...define, version: 3, upcast: { from: paid2, with: (data) => data } });
const reserve = command('inventory.reserve', {
  ...define,
  owner: 'inventory',
  senders: ['order'],
  version: 1,
});
const commands = subscription('inventory.commands', { to: [reserve], retry: quick });
const mails = subscription('email.orders', { to: [placed, paid1, paid2, paid3], retry: quick });

const nothing = async () => undefined;

describe('binding handlers to a subscription', () => {
  const onPlaced = handle(placed, nothing);
  const onPaid = (contract: typeof paid1 | typeof paid2 | typeof paid3) => handle(contract, nothing);

  test('finds the handler of each contract', () => {
    const onReserve = handle(reserve, nothing);
    expect([...bindHandlers(commands, [onReserve])]).toEqual([[reserve, onReserve]]);
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

  const unitOn = (...tables: string[]) =>
    unitOfWork({
      tables,
      idOf: ({ orderId }: { readonly orderId: string }) => orderId,
      initial: 0,
      load: async () => new Map<string, number>(),
      evolve: (_, changed: number) => changed,
      save: nothing,
    });

  test('takes units of work that lock other tables than each other, and one that is shared', () => {
    const [orders, stock] = [unitOn('order', 'line'), unitOn('stock')];
    const of = (one: typeof orders, other: typeof orders) => [
      handle(placed, one, () => ({})),
      handle(paid3, other, () => ({})),
    ];
    expect(bindHandlers(mails, of(orders, orders)).size).toBe(2);
    expect(bindHandlers(mails, of(orders, stock)).size).toBe(2);
  });

  test('refuses two units of work that lock rows of one table', () => {
    const handlers = [
      handle(placed, unitOn('order', 'line'), () => ({})),
      handle(paid3, unitOn('stock', 'line'), () => ({})),
    ];
    expect(() => bindHandlers(mails, handlers)).toThrow(
      new Error(
        "email.orders: two units of work lock rows of line; its handlers must share one, or groups of messages would overwrite each other's changes",
      ),
    );
  });
});
