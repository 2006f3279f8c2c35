import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { describe, expect, test } from 'vitest';
import { openOrders } from './support/orders.ts';
import { createAnswering } from './support/replies.ts';

const postgres = await serverFor('postgres');
const lines = [{ sku: 'MUG-1', quantity: 2 }];
const total = { amount: 2_500, currency: 'EUR' };
const body = { lines, paymentToken: 'tok_ok' };
/** The count of orders is cached, and transactions of other suites on the same server can delay it. */
const patience = { timeout: 20_000 };

describe.skipIf(!postgres.available)(postgres.title('a backlog'), () => {
  test('at its limit refuses new orders, but no repeated requests, until some orders have ended', async () => {
    const orders = await openOrders(postgres.url, { ORDER_BACKLOG_LIMIT: 3 });
    try {
      await orders.list('MUG-1', 1_250);
      const customerId = uuid();
      const place = () => orders.ask('POST', '/api/orders', { as: customerId, payload: body });
      const headers = { 'idempotency-key': 'before the backlog was full'.replaceAll(' ', '-') };
      const first = await orders.ask('POST', '/api/orders', { as: customerId, payload: body, headers });
      const placed: string[] = [first.body.orderId];
      await expect
        .poll(async () => {
          const answer = await place();
          if (answer.status === 202) placed.push(answer.body.orderId);
          return answer;
        }, patience)
        .toMatchObject({
          status: 503,
          headers: { 'retry-after': '5' },
          body: { type: 'urn:emporium:problem:backlog-full' },
        });
      expect(placed.length).toBeGreaterThanOrEqual(3);
      const repeated = await orders.ask('POST', '/api/orders', { as: customerId, payload: body, headers });
      expect(repeated).toMatchObject({ status: 202, body: first.body });
      const other = { as: customerId, payload: { ...body, paymentToken: 'tok_visa' }, headers };
      expect((await orders.ask('POST', '/api/orders', other)).status).toBe(422);
      const commands = await orders.published();
      for (const orderId of placed) {
        const answering = createAnswering(
          { orderId, customerId, lines, total, paymentToken: 'tok_ok' },
          (step) => step === 'reserve',
        );
        const request = commands.find(
          ({ subject, type }) => subject === orderId && !type.startsWith('order.'),
        );
        const reply = request === undefined ? undefined : answering.answer(request);
        if (reply === undefined) throw new Error('nothing was asked');
        await orders.handleTwice(reply);
      }
      await expect.poll(async () => (await place()).status, patience).toBe(202);
    } finally {
      await orders.close();
    }
  });
});
