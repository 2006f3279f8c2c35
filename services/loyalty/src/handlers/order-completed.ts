import { causedBy } from '@emporium/bus';
import { currencyDigits, orderCompleted } from '@emporium/contracts';
import { pointsOf } from '../domain/points.ts';
import { handle } from '../store/handlers.ts';
import { decideLedger, ledgers } from '../store/ledgers.ts';

export const onOrderCompleted = handle(orderCompleted, ledgers, (message, { ledger }) => {
  const { orderId, total } = message.data;
  const points = pointsOf(total.amount, 0, currencyDigits(total.currency));
  return decideLedger({ type: 'credit', orderId, points }, ledger, causedBy(message));
});
