import { cancelRefund } from '@emporium/contracts';
import { cancelRefund as decide } from '../domain/refund.ts';
import { handle } from '../store/handlers.ts';
import { payments } from '../store/payments.ts';
import { reply } from './reply.ts';

/** The provider is not called: there is nothing to take back while the refund is not confirmed. */
export const onCancelRefund = handle(cancelRefund, payments, ({ data }, payment) =>
  reply(data.orderId, decide(payment, data.refundId)),
);
