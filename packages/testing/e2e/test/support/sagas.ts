import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Customer, eventually } from '../../src/index.ts';
import { happened, type ShopUnderTest, sku } from './shop-under-test.ts';

const note = 'talked to the provider';
const command = resolve(import.meta.dirname, '../../../../../infra/admin-cli/src/sagas/main.ts');

/** Parked sagas, and what administrators do about them. */
export const sagaCases = (shop: () => ShopUnderTest): void => {
  const run = (...args: string[]) =>
    new Promise<{ code: number; lines: string[] }>((done) => {
      const { client, shop: running } = shop();
      const { email, password } = running.admin;
      const env = { PATH: process.env['PATH'], ADMIN_EMAIL: email, ADMIN_PASSWORD: password };
      const argv = [command, ...args, '--url', client.url];
      execFile(process.execPath, argv, { env }, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : 0;
        done({ code, lines: `${stdout}${stderr}`.trimEnd().split('\n') });
      });
    });
  const parkedAtCapture = async (customer: Customer) => {
    const { client, place } = shop();
    const orderId = await place(customer, { paymentToken: 'tok_capture_fails_6' });
    await client.settled(customer, orderId, { status: 'needs-attention' });
    return orderId;
  };
  const linesOf = async (orderId: string) =>
    (await shop().client.ledger()).filter(({ reference }) => reference === orderId);
  /** Replays the dead letters of an order until there are none. */
  const replayAll = (orderId: string) =>
    eventually(
      'no dead letter is open',
      async () => {
        const { client } = shop();
        const open = (await client.deadLetters()).filter(({ key }) => key === orderId);
        for (const { id } of open) await client.asAdmin('POST', `/api/admin/dead-letters/${id}/replay`);
        return open.length;
      },
      (open) => open === 0,
      60_000,
    );

  describe('a parked saga', () => {
    test('at a failing capture is listed, explained and retried from a terminal', async () => {
      const { client, customer } = shop();
      const ada = await customer();
      const orderId = await parkedAtCapture(ada);
      const listed = await run('list', '--state', 'parked', '--step', 'capture');
      expect(listed.lines.join('\n')).toContain(orderId);
      const shown = await run('show', orderId);
      expect(shown.lines).toContain('possible: retry, resolve');
      const refused = await run('compensate', orderId, '--note', note);
      expect(refused).toEqual({
        code: 1,
        lines: [
          'compensate is not possible: dispatch has happened, and after it the saga only goes forward.',
        ],
      });
      expect(await run('retry', orderId, '--note', note)).toEqual({
        code: 0,
        lines: [`fulfilment ${orderId} is running`],
      });
      expect((await client.settled(ada, orderId)).status).toBe('completed');
      expect((await run('retry', orderId)).code).toBe(1);
      const { actions } = await client.saga(orderId);
      expect(actions).toMatchObject([{ action: 'retry', note }]);
    }, 120_000);

    test('at a failing capture is resolved: paid by hand, and nothing stays on hold', async () => {
      const { client, customer } = shop();
      const ada = await customer();
      const orderId = await parkedAtCapture(ada);
      const { status, body } = await client.repairSaga(orderId, 'resolve', { note });
      expect([status, body.state]).toEqual([202, 'completed']);
      await eventually(
        'the hold is released',
        () => linesOf(orderId),
        (lines) => lines.every(({ held, captured }) => held === 0 && captured === 0),
      );
      const order = await client.order(ada, orderId);
      expect(order.settledByHand?.paid).toEqual(order.total);
    }, 120_000);

    test('at a failing compensation is resolved, also when the compensation is carried out afterwards', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      await client.fault({ carrier: { mode: 'fail' }, payment: { mode: 'error', operation: 'void' } });
      const orderId = await place(ada);
      await client.settled(ada, orderId, { status: 'needs-attention', timeoutMs: 120_000 });
      const [listed] = await client.sagas('state=parked&step=authorise');
      expect(listed).toMatchObject({ id: orderId, parked: { step: 'authorise' } });
      expect((await client.saga(orderId)).compensationOrder).toEqual(['reserve']);
      expect((await client.repairSaga(orderId, 'resolve', { note })).status).toBe(202);
      const order = await client.settled(ada, orderId);
      expect(order.status).toBe('cancelled');
      expect(happened(order)).toContain('payment voided by hand');
      await client.clearFaults();
      await replayAll(orderId);
      await eventually(
        'the hold is released',
        () => linesOf(orderId),
        (lines) => lines.every(({ held }) => held === 0),
      );
    }, 240_000);

    test('at a failing compensation is retried, and compensates', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      await client.fault({ carrier: { mode: 'fail' }, payment: { mode: 'error', operation: 'void' } });
      const orderId = await place(ada);
      await client.settled(ada, orderId, { status: 'needs-attention', timeoutMs: 120_000 });
      await client.clearFaults();
      const { status } = await client.repairSaga(orderId, 'retry', { note });
      expect([202, 409]).toContain(status); // a late reply may have continued it
      expect((await client.settled(ada, orderId)).status).toBe('cancelled');
      await replayAll(orderId);
    }, 240_000);

    test('of a refund is abandoned, and its amount is refunded by another', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada);
      await client.settled(ada, orderId);
      await client.fault({ payment: { mode: 'decline', operation: 'refund', reference: orderId } });
      const request = { lines: [{ sku, quantity: 1 }], restock: true, reason: 'broken handle' };
      const { body } = await client.refund(orderId, request);
      await refundsAre(orderId, 'parked');
      expect((await client.refund(orderId, request)).status).toBe(422);
      const abandoned = await client.repairSaga(body.refundId, 'resolve', { note, outcome: 'abandoned' });
      expect([abandoned.status, abandoned.body.state]).toEqual([202, 'cancelled']);
      await client.clearFaults();
      expect((await client.refund(orderId, request)).status).toBe(202);
      await eventually(
        'the other one is refunded',
        () => client.refunds(orderId),
        (refunds) => refunds.map(({ status }) => status).join() === 'abandoned,refunded',
        60_000,
      );
      expect((await linesOf(orderId)).map(({ refunded }) => refunded)).toEqual([1_250]);
    }, 120_000);

    test('of a refund is resolved: paid back by hand', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const orderId = await place(ada);
      await client.settled(ada, orderId);
      await client.fault({ payment: { mode: 'decline', operation: 'refund', reference: orderId } });
      const { body } = await client.refund(orderId, {
        amount: { amount: 500, currency: 'EUR' },
        reason: 'late',
      });
      await refundsAre(orderId, 'parked');
      expect((await run('resolve', body.refundId, '--note', note)).lines).toEqual([
        `refund ${body.refundId} is completed`,
      ]);
      const order = await client.order(ada, orderId);
      expect(order.settledByHand?.refunded.amount).toBe(500);
      expect((await linesOf(orderId)).map(({ refunded }) => refunded)).toEqual([0]);
    }, 120_000);
  });

  const refundsAre = (orderId: string, status: string) =>
    eventually(
      `refunds are ${status}`,
      () => shop().client.refunds(orderId),
      (refunds) => refunds.every((refund) => refund.status === status),
      60_000,
    );
};
