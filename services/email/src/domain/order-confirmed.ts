import type { Data, orderConfirmed } from '@emporium/contracts';
import { composeMail, type MailContent, paragraph, table } from './compose/compose-mail.ts';
import { formatMoney } from './compose/money.ts';

export const orderConfirmedMail = (
  name: string,
  { orderId, lines, total }: Data<typeof orderConfirmed>,
): MailContent =>
  composeMail({
    template: 'order-confirmed',
    subject: 'Your order is confirmed',
    name,
    blocks: [
      paragraph(`your order ${orderId} is confirmed: everything is in stock, and the payment is authorised.`),
      table([
        ['Product', 'Quantity', 'Price', 'Total'],
        ...lines.map(({ sku, quantity, unitPrice }) => [
          sku,
          String(quantity),
          formatMoney(unitPrice),
          formatMoney({ ...unitPrice, amount: unitPrice.amount * quantity }),
        ]),
        ['Total', '', '', formatMoney(total)],
      ]),
      paragraph('You will get another mail when it is on its way.'),
    ],
  });
