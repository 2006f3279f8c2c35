import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import type { Mail } from '../../src/mails.ts';
import { happened, type ShopUnderTest } from './shop-under-test.ts';

/** Long enough for mails to arrive that nothing holds back. */
const quietMs = 1_500;

/** Subscriptions that an administrator pauses, and resumes. */
export const pausedCases = (shop: () => ShopUnderTest): void => {
  const pause = async (name: string, reason: string): Promise<void> => {
    await shop().client.pauseSubscription(name, reason);
    await isPaused(name);
  };
  /** Its service runs, and has stopped taking its messages. */
  const isPaused = (name: string) => {
    const [service = ''] = name.split('.');
    return eventually(
      `${name} is paused in ${service}`,
      () => shop().client.status(),
      ({ processes, paused }) =>
        processes.some((each) => each.name === service && each.state === 'ready') &&
        paused.some(({ subscription }) => subscription === name),
    );
  };
  const mailsOf = async (email: string, orderId: string): Promise<Mail[]> =>
    (await shop().client.mails(email)).filter(({ text }) => text.includes(orderId));

  describe('a paused subscription', () => {
    test('of mails about orders stays paused over a crash; orders complete, and each mail arrives once it is resumed', async () => {
      const { client, customer, place, kill, revive } = shop();
      const name = 'email.orders';
      const ada = await customer();
      await pause(name, 'the mail server is being replaced');
      const orderId = await place(ada);
      expect((await client.settled(ada, orderId)).status).toBe('completed');

      await kill('email');
      await revive('email');
      await isPaused(name);
      await sleep(quietMs);
      expect(await mailsOf(ada.email, orderId)).toEqual([]);
      const { userId: by } = await client.asAdmin<{ userId: string }>('GET', '/api/users/me');
      const { subscriptions } = await client.asAdmin<{ subscriptions: readonly { state: string }[] }>(
        'GET',
        '/api/admin/subscriptions',
      );
      const paused = { name, state: 'paused', by, reason: 'the mail server is being replaced' };
      expect(subscriptions.filter(({ state }) => state === 'paused')).toMatchObject([paused]);

      await client.resumeSubscription(name, 'it is replaced');
      await eventually(
        'the mails about the order arrive',
        () => mailsOf(ada.email, orderId),
        (mails) => mails.length >= 3,
      );
      await sleep(quietMs);
      const mails = await mailsOf(ada.email, orderId);
      expect(mails.map(({ deliveries }) => deliveries)).toEqual([1, 1, 1]);
      expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(3);
      expect((await client.status()).paused).toEqual([]);
      expect((await client.subscription(name)).state).toBe('active');
      const [resumed, begun] = await client.audit(name);
      expect([begun, resumed]).toMatchObject([
        { userId: by, action: 'subscription.pause', details: { reason: paused.reason }, outcome: 'done' },
        { userId: by, action: 'subscription.resume', details: { reason: 'it is replaced' }, outcome: 'done' },
      ]);
    }, 120_000);

    test('of payments cancels the order at its deadline, and the late command is refused once it is resumed', async () => {
      const { client, customer, place } = shop();
      const name = 'payment.commands';
      const ada = await customer();
      await pause(name, 'the provider is being audited');
      const orderId = await place(ada);
      const late = await client.settled(ada, orderId, { status: 'cancelling' });
      expect(late.cancellation).toBe('timed-out');
      // The compensation of the payment waits behind the command, and the stock for the compensation.
      expect(happened(late)).not.toContain('stock released');
      await client.resumeSubscription(name, 'it is over');
      const order = await client.settled(ada, orderId);
      expect(order).toMatchObject({ status: 'cancelled', cancellation: 'timed-out' });
      const seen = happened(order);
      expect(seen).not.toContain('payment authorised');
      expect(seen.indexOf('payment voided')).toBeLessThan(seen.indexOf('stock released'));
      // The provider was never asked: the command had expired, or the void came before it.
      expect((await client.ledger()).filter(({ reference }) => reference === orderId)).toEqual([]);
      const payment = (await client.payments()).find((each) => each.orderId === orderId);
      expect(payment).toMatchObject({ captured: 0, refunded: 0 });
      expect(['declined', 'voided']).toContain(payment?.status);
    }, 120_000);
  });
};
