import { z } from 'zod';
import { id, money, reason } from './common.ts';
import { command, event } from './define.ts';
import { sagaCommand, sagaReply } from './saga-messages.ts';

const owner = 'payment';
const senders = ['order'] as const;

export const [authorisePayment1, authorisePayment] = sagaCommand('payment.authorise', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id, total: money, paymentToken: z.string().min(1).max(200) }),
});

/** Captures the authorised amount. An expired authorisation is renewed once. */
export const [capturePayment1, capturePayment] = sagaCommand('payment.capture', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

/** Voids the authorisation. For an unknown order it leaves a tombstone that refuses a late authorisation. */
export const [voidPayment1, voidPayment] = sagaCommand('payment.void', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

/** Refunds the whole captured amount. No longer sent. */
export const [refundPayment1, refundPayment2] = sagaCommand('payment.refund', {
  owner,
  senders,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

/** Refunds a part of the captured amount, or all of it. A `refundId` is refunded once, however often it is requested. */
export const refundPayment = command('payment.refund', {
  owner,
  senders,
  version: 3,
  key: 'orderId',
  schema: z.object({ orderId: id, refundId: id, amount: money }),
  replaces: refundPayment2, // which does not say how much
});

/**
 * Withdraws a refund that will not be paid, or was paid outside of the system: a command for it that comes later is declined. Answered
 * only when it was paid already.
 */
export const cancelRefund = command('payment.cancel-refund', {
  owner,
  senders,
  version: 1,
  key: 'orderId',
  schema: z.object({ orderId: id, refundId: id }),
});

export const [paymentAuthorised1, paymentAuthorised] = sagaReply('payment.authorised', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id, total: money }),
});

export const [paymentDeclined1, paymentDeclined] = sagaReply('payment.declined', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id, reason }),
});

export const [paymentCaptured1, paymentCaptured] = sagaReply('payment.captured', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id, total: money }),
});

export const [paymentCaptureFailed1, paymentCaptureFailed] = sagaReply('payment.capture-failed', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id, reason }),
});

export const [paymentVoided1, paymentVoided] = sagaReply('payment.voided', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id }),
});

export const [paymentRefunded1, paymentRefunded2] = sagaReply('payment.refunded', {
  owner,
  key: 'orderId',
  schema: z.object({ orderId: id, total: money }),
});

export const paymentRefunded = event('payment.refunded', {
  owner,
  version: 3,
  key: 'orderId',
  schema: z.object({ orderId: id, refundId: id, amount: money }),
  replaces: paymentRefunded2, // which does not say what for
});

/** The provider has refused the refund, or it is more than what is left of the captured amount. Nothing was refunded. */
export const paymentRefundDeclined = event('payment.refund-declined', {
  owner,
  version: 1,
  key: 'orderId',
  schema: z.object({ orderId: id, refundId: id, reason }),
});
