import type { Data, orderRefunded } from '@emporium/contracts';
import { composeMail, type MailContent, paragraph, table } from './compose/compose-mail.ts';
import { formatMoney } from './compose/money.ts';

export const orderRefundedMail = (
  name: string,
  { orderId, amount, refunded, total, lines }: Data<typeof orderRefunded>,
): MailContent =>
  composeMail({
    template: 'order-refunded',
    subject: 'A refund for your order',
    name,
    blocks: [
      paragraph(`we have refunded ${formatMoney(amount)} for your order ${orderId}.`),
      ...(lines.length === 0
        ? []
        : [table([['Product', 'Quantity'], ...lines.map(({ sku, quantity }) => [sku, String(quantity)])])]),
      paragraph(`Refunded in total: ${formatMoney(refunded)} of ${formatMoney(total)}.`),
    ],
  });
