import { createMessage, newContext } from '@emporium/bus';
import { shop as registry, reserveStock, stockReserved } from '@emporium/contracts';
import { createTransport } from '@emporium/service';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import { happened, type ShopUnderTest, sku } from './shop-under-test.ts';

/** Races between deadlines, cancellations and replies. */
export const raceCases = (shop: () => ShopUnderTest): void => {
  describe('races', () => {
    test('a customer cancels during the payment', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada, { paymentToken: 'tok_stall_800' });
      await eventually(
        'stock is reserved',
        () => client.order(ada, orderId),
        (seen) => happened(seen).includes('stock reserved'),
      );
      expect((await client.cancel(ada, orderId)).status).toBe(202);
      const order = await client.settled(ada, orderId);
      expect(order).toMatchObject({ status: 'cancelled', cancellation: 'customer-request' });
    });

    test('a cancellation that races the dispatch ends in one of the two, and never in both', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const outcomes = await Promise.all(
        Array.from({ length: 24 }, async (_, index) => {
          const orderId = await place(ada);
          await new Promise((resolve) => setTimeout(resolve, index * 8));
          const { status } = await client.cancel(ada, orderId);
          return { status, order: await client.settled(ada, orderId) };
        }),
      );
      for (const { status, order } of outcomes) {
        expect([202, 409]).toContain(status);
        expect(order.status).toBe(status === 202 ? 'cancelled' : 'completed');
      }
    });

    test('a final order can no longer be cancelled', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada);
      await client.settled(ada, orderId);
      expect((await client.cancel(ada, orderId)).status).toBe(409);
    });

    test('a dispatch that misses its deadline is cancelled or completed, never half of each', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      await client.fault({ carrier: { mode: 'stall', operation: 'ship', delayMs: 30_000 } });
      const orderId = await place(ada);
      await eventually(
        'the deadline passes',
        () => client.order(ada, orderId),
        (seen) => happened(seen).includes('dispatch not answered in time'),
      );
      await client.clearFaults();
      const order = await client.settled(ada, orderId, { timeoutMs: 90_000 });
      expect(['completed', 'cancelled']).toContain(order.status);
    });

    test('a payment that misses its deadline is voided, whenever its response arrives', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      await client.fault({ payment: { mode: 'stall', operation: 'authorise', delayMs: 30_000 } });
      const orderId = await place(ada);
      await eventually(
        'the deadline passes',
        () => client.order(ada, orderId),
        (seen) => happened(seen).includes('payment not answered in time'),
      );
      await client.clearFaults();
      const order = await client.settled(ada, orderId, { timeoutMs: 90_000 });
      expect(order).toMatchObject({ status: 'cancelled', cancellation: 'timed-out' });
    });

    test('a success that arrives after its compensation is compensated again', async () => {
      const { client, customer, place, shop: running } = shop();
      const ada = await customer();
      const orderId = await place(ada, { paymentToken: 'tok_declined' });
      await client.settled(ada, orderId);
      const transport = await createTransport({
        url: running.busUrl,
        service: 'test',
        log: pino({ level: 'silent' }),
      });
      const late = createMessage('inventory', stockReserved, { orderId }, newContext(), {
        stepId: `${orderId}/reserve/1`,
      });
      expect(await transport.publish([late])).toEqual([{ status: 'accepted' }]);
      await transport.close();
      expect(registry.contract(late.type)).toBe(stockReserved);
      const order = await eventually(
        'released again',
        () => client.order(ada, orderId),
        (seen) => happened(seen).filter((what) => what === 'stock released').length === 2,
      );
      expect(order.status).toBe('cancelled');
    });

    test('a dead-lettered command that is replayed after its order was cancelled has no effect', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada, { paymentToken: 'tok_declined' });
      await client.settled(ada, orderId);
      const data = { orderId, lines: [{ sku, quantity: 7 }] };
      const stepId = `${orderId}/reserve/1`;
      const command = createMessage('order', reserveStock, data, newContext(), { stepId });
      const body = JSON.parse(new TextDecoder().decode(command.body));
      await client.asAdmin('POST', '/api/admin/messages', {
        subscription: 'inventory.commands',
        body: { ...body, data: { ...data, lines: [] } },
      });
      const [deadLetter] = await eventually(
        'it is a dead letter',
        async () => (await client.deadLetters()).filter(({ messageId }) => messageId === command.id),
        (deadLetters) => deadLetters.length === 1,
      );
      expect(deadLetter?.reason.message).toContain('data.lines');
      await client.asAdmin('POST', `/api/admin/dead-letters/${deadLetter?.id}/replay`, { body });
      const next = await client.settled(ada, await place(ada)); // after it in the same queue
      expect(next.status).toBe('completed');
      expect((await client.order(ada, orderId)).status).toBe('cancelled');
      expect((await client.stockRows()).every(({ reserved }) => reserved === 0)).toBe(true);
      expect(await client.deadLetters()).toEqual([]);
    });

    test('a command that is delivered after its order was cancelled has no effect', async () => {
      const { client, customer, place, kill, revive } = shop();
      const ada = await customer();
      await kill('inventory');
      const orderId = await place(ada);
      await eventually(
        'the deadline passes',
        () => client.order(ada, orderId),
        (seen) => happened(seen).includes('stock not answered in time'),
      );
      await revive('inventory'); // the reservation and its release are both still in the queue
      const order = await client.settled(ada, orderId, { timeoutMs: 90_000 });
      expect(order).toMatchObject({ status: 'cancelled', cancellation: 'timed-out' });
      expect((await client.stockRows()).every(({ reserved }) => reserved === 0)).toBe(true);
    });
  });
};
