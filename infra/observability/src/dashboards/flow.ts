import { inMainUnits, quantileOf, rateOf } from '../promql.ts';
import { dashboard } from './dashboard.ts';
import { chart, number } from './panels.ts';

const total = (counter: string) => `sum(increase(${counter}[$__range]))`;

const anHour = (money: string) =>
  inMainUnits((selector) => `${rateOf(`${money}${selector}`, 'emporium_currency')} * 3600`);

export const flow = dashboard({
  uid: 'emporium-flow',
  title: 'The flow of orders',
  description:
    'From the placed order to the mail: how many, how fast, what is refused and why, and what it earns.',
  sections: [
    {
      title: 'In the chosen time',
      panels: [
        number({
          title: 'Placed',
          description: 'Orders that the shop accepted.',
          unit: 'short',
          queries: [{ expr: total('emporium_orders_placed_total'), legend: 'placed' }],
        }),
        number({
          title: 'Completed',
          description: 'Orders that were shipped and paid.',
          unit: 'short',
          queries: [{ expr: total('emporium_orders_completed_total'), legend: 'completed' }],
        }),
        number({
          title: 'Cancelled',
          description: 'Orders that were refused, cancelled by the customer, or failed.',
          unit: 'short',
          queries: [
            { expr: `${total('emporium_orders_cancelled_total')} or vector(0)`, legend: 'cancelled' },
          ],
        }),
        number({
          title: 'Parked',
          description: 'Orders that were set aside for a person. Normally none.',
          unit: 'short',
          badFrom: 1,
          queries: [{ expr: total('emporium_orders_parked_total'), legend: 'parked' }],
        }),
        number({
          title: 'Not final yet',
          description: 'Sagas that have not ended. Grows when a service is away.',
          unit: 'short',
          queries: [
            {
              expr: 'sum(max by (emporium_saga_name, emporium_saga_state) (emporium_sagas))',
              legend: 'running',
            },
          ],
        }),
        number({
          title: 'Revenue',
          description: 'Captured, in the main unit of each currency. Refunds are not deducted.',
          unit: 'short',
          queries: [
            {
              expr: inMainUnits(
                (selector) =>
                  `sum by (emporium_currency) (increase(emporium_revenue_minor_units_total${selector}[$__range]))`,
              ),
              legend: '{{emporium_currency}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Orders',
      panels: [
        chart({
          title: 'Orders a second',
          description:
            'Placed ones, and how they ended. The lines of endings follow the line of placed ones closely.',
          unit: 'ops',
          queries: [
            { expr: 'sum(rate(emporium_orders_placed_total[$__rate_interval]))', legend: 'placed' },
            { expr: 'sum(rate(emporium_orders_completed_total[$__rate_interval]))', legend: 'completed' },
            { expr: 'sum(rate(emporium_orders_cancelled_total[$__rate_interval]))', legend: 'cancelled' },
          ],
        }),
        chart({
          title: 'Time until an order is final',
          description:
            'From placed to completed or cancelled. 99 of 100 take less than 5 s. A dot is one order, and opens its trace.',
          unit: 's',
          exemplars: true,
          queries: [0.5, 0.95, 0.99].map((quantile) => ({
            expr: quantileOf(quantile, 'emporium_order_duration_seconds'),
            legend: `${quantile * 100} % are faster`,
          })),
        }),
        chart({
          title: 'Cancelled, by reason',
          description:
            'Business reasons (declined, out of stock, by the customer) are normal; technical ones are failures.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: rateOf('emporium_orders_cancelled_total', 'emporium_kind, emporium_reason'),
              legend: '{{emporium_reason}} ({{emporium_kind}})',
            },
          ],
        }),
        chart({
          title: 'Revenue an hour',
          description: 'Captured and refunded, in the main unit of each currency.',
          unit: 'short',
          queries: [
            {
              expr: anHour('emporium_revenue_minor_units_total'),
              legend: 'captured {{emporium_currency}}',
            },
            {
              expr: anHour('emporium_refunds_minor_units_total'),
              legend: 'refunded {{emporium_currency}}',
            },
          ],
        }),
        chart({
          title: 'Out of stock',
          description: 'Reservations a second that were refused because stock was missing.',
          unit: 'ops',
          queries: [
            { expr: 'sum(rate(emporium_stock_outs_total[$__rate_interval]))', legend: 'out of stock' },
          ],
        }),
        chart({
          title: 'Mails',
          description: 'Sent and given up, a second.',
          unit: 'ops',
          queries: [
            { expr: rateOf('emporium_mails_total', 'emporium_outcome'), legend: '{{emporium_outcome}}' },
          ],
        }),
      ],
    },
    {
      title: 'Messages',
      panels: [
        chart({
          title: 'Published',
          description: 'Messages a second that the broker accepted, by contract.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: rateOf('messaging_client_sent_messages_total{error_type=""}', 'emporium_message_type'),
              legend: '{{emporium_message_type}}',
            },
          ],
        }),
        chart({
          title: 'Handled',
          description: 'Deliveries a second, by how they ended: ack is success.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: rateOf('messaging_process_duration_seconds_count', 'emporium_settlement'),
              legend: '{{emporium_settlement}}',
            },
          ],
        }),
        chart({
          title: 'Age of messages',
          description:
            'From the time of a message to the start of its handling, of the slowest in 20, by subscription.',
          unit: 's',
          exemplars: true,
          queries: [
            {
              expr: quantileOf(0.95, 'emporium_message_age_seconds', {
                by: 'messaging_destination_subscription_name',
              }),
              legend: '{{messaging_destination_subscription_name}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'To other systems',
      panels: [
        chart({
          title: 'Webhooks',
          description: 'Attempts a second to deliver events to the systems of others.',
          unit: 'ops',
          width: 12,
          queries: [
            {
              expr: rateOf('emporium_webhook_deliveries_total', 'emporium_outcome'),
              legend: '{{emporium_outcome}}',
            },
          ],
        }),
        chart({
          title: 'Requests to the payment provider and the carrier',
          description: 'How long they take to answer, of the slowest in 20.',
          unit: 's',
          width: 12,
          exemplars: true,
          queries: [
            {
              expr: quantileOf(0.95, 'http_client_request_duration_seconds', { by: 'service_peer_name' }),
              legend: '{{service_peer_name}}',
            },
          ],
        }),
      ],
    },
  ],
});
