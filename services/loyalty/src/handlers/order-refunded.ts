import { causedBy, permanent } from '@emporium/bus';
import { currencyDigits, orderRefunded } from '@emporium/contracts';
import { pointsOf } from '../domain/points.ts';
import { handle } from '../store/handlers.ts';
import { decideLedger, ledgers } from '../store/ledgers.ts';

export const onOrderRefunded = handle(orderRefunded, ledgers, (message, { ledger }) => {
  const { data, sequence } = message;
  const { orderId, total, refunded } = data;
  if (sequence === undefined) throw permanent('order.refunded has no sequence: its order is unknown');
  if (refunded.currency !== total.currency) {
    throw permanent(`${refunded.currency} were refunded of an order in ${total.currency}`);
  }
  const digits = currencyDigits(total.currency);
  const earned = pointsOf(total.amount, 0, digits);
  const kept = pointsOf(total.amount, refunded.amount, digits);
  return decideLedger({ type: 'take-back', orderId, sequence, earned, kept }, ledger, causedBy(message));
});
