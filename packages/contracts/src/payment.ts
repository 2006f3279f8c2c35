import { z } from 'zod';
import { id, money, reason, stepId } from './common.ts';
import { command, event } from './define.ts';

const owner = 'payment';
const senders = ['order'] as const;
const step = { orderId: id, stepId };

export const authorisePayment = command('payment.authorise', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, total: money, paymentToken: z.string().min(1).max(200) }),
});

/** Takes the authorised money; an expired authorisation is renewed once. */
export const capturePayment = command('payment.capture', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

/** Ends an authorisation; of an unknown order it leaves a tombstone that refuses a late authorisation. */
export const voidPayment = command('payment.void', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

/** Gives captured money back, all of it. */
export const refundPayment = command('payment.refund', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

export const paymentAuthorised = event('payment.authorised', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, total: money }),
});

export const paymentDeclined = event('payment.declined', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, reason }),
});

export const paymentCaptured = event('payment.captured', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, total: money }),
});

export const paymentCaptureFailed = event('payment.capture-failed', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, reason }),
});

export const paymentVoided = event('payment.voided', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object(step),
});

export const paymentRefunded = event('payment.refunded', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ ...step, total: money }),
});
