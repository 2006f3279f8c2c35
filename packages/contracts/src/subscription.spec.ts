import { expect, test } from 'vitest';
import { orderConfirmed } from './order.ts';
import { patient, quick, subscription } from './subscription.ts';

test('a subscription belongs to the service before the dot, and is unordered by default', () => {
  const mails = subscription('user-registration.mails', { to: [orderConfirmed], retry: patient });
  expect(mails).toEqual({
    name: 'user-registration.mails',
    service: 'user-registration',
    to: [orderConfirmed],
    ordered: false,
    backfill: false,
    retry: patient,
  });
  expect(subscription('email.orders', { to: [orderConfirmed], retry: quick, ordered: true }).ordered).toBe(
    true,
  );
});
