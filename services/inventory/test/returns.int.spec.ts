import { commitReservation, type Input, reserveStock, returnStock } from '@emporium/contracts';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command, type Inventory, openInventory } from './support/inventory.ts';

const postgres = await serverFor('postgres');

const line = (sku: string, quantity = 1) => ({ sku, quantity });

describe.skipIf(!postgres.available)(postgres.title('returned stock'), () => {
  let inventory: Inventory;
  let orderId: string;

  beforeEach(async () => {
    inventory = await openInventory(postgres.url);
    await inventory.stock({ CUP: 5, TEA: 10 });
    orderId = uuid();
    await inventory.handle(command(reserveStock, { orderId, lines: [line('CUP', 3), line('TEA', 2)] }));
    await inventory.handle(command(commitReservation, { orderId }));
    await inventory.published();
  });
  afterEach(() => inventory.close());

  const giveBack = (refundId: string, ...lines: Input<typeof returnStock>['lines']) =>
    command(returnStock, { orderId, refundId, lines }, { stepId: `${refundId}/return/1` });
  const soldOf = async (sku: string) => (await inventory.levels()).find((level) => level.sku === sku)?.sold;

  test('is no longer sold, however often its command is delivered, and is answered', async () => {
    const refundId = uuid();
    await inventory.handleTwice(giveBack(refundId, line('CUP', 2)));
    await inventory.handle(giveBack(refundId, line('CUP', 2)));
    const reply = { type: 'stock.returned', stepId: `${refundId}/return/1`, data: { orderId, refundId } };
    expect(await inventory.published()).toEqual([reply, reply]);
    expect(await inventory.levels()).toEqual([
      { sku: 'CUP', received: 5, sold: 1, reserved: 0 },
      { sku: 'TEA', received: 10, sold: 2, reserved: 0 },
    ]);
  });

  test('can be ordered again', async () => {
    await inventory.handle(giveBack(uuid(), line('CUP', 3)));
    await inventory.handle(command(reserveStock, { orderId: uuid(), lines: [line('CUP', 5)] }));
    expect((await inventory.published()).map(({ type }) => type)).toContain('stock.reserved.v2');
  });

  test('of several refunds at one time in two processes adds up', async () => {
    const other = inventory.instance();
    await Promise.all([
      ...[1, 2, 3].map((n) => (n === 2 ? other : inventory).handle(giveBack(uuid(), line('CUP')))),
      ...[1, 2].map((n) => (n === 2 ? other : inventory).handle(giveBack(uuid(), line('TEA')))),
    ]);
    expect([await soldOf('CUP'), await soldOf('TEA')]).toEqual([0, 0]);
  });

  test('is never more than was sold to the order: the command is dead-lettered, and changes nothing', async () => {
    await inventory.handle(giveBack(uuid(), line('CUP', 2)));
    const refused = inventory.handle(giveBack(uuid(), line('CUP', 2), line('TEA')));
    await expect(refused).rejects.toMatchObject({ settle: 'dead-letter' });
    expect([await soldOf('CUP'), await soldOf('TEA')]).toEqual([1, 2]);
  });

  test('of an unknown order leaves no row', async () => {
    const unknown = command(returnStock, { orderId: uuid(), refundId: uuid(), lines: [line('CUP')] });
    await expect(inventory.handle(unknown)).rejects.toMatchObject({ settle: 'dead-letter' });
    expect(await inventory.reservation(unknown.key)).toBeUndefined();
  });
});
