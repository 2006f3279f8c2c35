import { quantileOf, rateOf } from '../promql.ts';
import { dashboard } from './dashboard.ts';
import { chart, number } from './panels.ts';

const subscription = 'messaging_destination_subscription_name';
const legend = `{{${subscription}}}`;

export const brokers = dashboard({
  uid: 'emporium-brokers',
  title: 'Brokers',
  description: 'What waits in the queues of each broker, and for whom.',
  sections: [
    {
      title: 'Now',
      panels: [
        number({
          title: 'Brokers',
          description: '1 while the queues can be read, 0 otherwise.',
          unit: 'short',
          width: 6,
          badBelow: 1,
          queries: [
            { expr: 'min by (messaging_system) (emporium_broker_up)', legend: '{{messaging_system}}' },
          ],
        }),
        number({
          title: 'Messages that wait',
          description: 'In all queues.',
          unit: 'short',
          width: 6,
          warnFrom: 1_000,
          queries: [{ expr: `sum(max by (${subscription}) (emporium_queue_messages))`, legend: 'messages' }],
        }),
        number({
          title: 'Oldest message',
          description: 'The longest that a message has waited in any queue, where the broker knows it.',
          unit: 's',
          width: 6,
          warnFrom: 10,
          badFrom: 300,
          queries: [{ expr: 'max(emporium_queue_oldest_age_seconds)', legend: 'age' }],
        }),
        number({
          title: 'Paused',
          description: 'Subscriptions that a person or an outage has paused.',
          unit: 'short',
          width: 6,
          warnFrom: 1,
          queries: [
            {
              expr: `count(max by (${subscription}) (emporium_subscription_paused) == 1) or vector(0)`,
              legend: 'paused',
            },
          ],
        }),
      ],
    },
    {
      title: 'Queues',
      panels: [
        chart({
          title: 'Messages that wait',
          description:
            'By subscription; on Kafka and Redis the lag of its group. A line that only rises: nobody takes them, or too slowly.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `max by (${subscription}) (emporium_queue_messages)`, legend }],
        }),
        chart({
          title: 'Deliveries in progress',
          description: 'Not settled yet, by subscription.',
          unit: 'short',
          width: 12,
          queries: [{ expr: `max by (${subscription}) (emporium_queue_unacked_messages)`, legend }],
        }),
        chart({
          title: 'Age of the oldest message',
          description: 'By subscription, where the broker knows it.',
          unit: 's',
          width: 12,
          queries: [{ expr: `max by (${subscription}) (emporium_queue_oldest_age_seconds)`, legend }],
        }),
        chart({
          title: 'Paused subscriptions',
          description:
            '1 while paused, with who paused it: a person, or an outage of its database or broker.',
          unit: 'short',
          width: 12,
          queries: [
            {
              expr: `max by (${subscription}, emporium_paused_by) (emporium_subscription_paused)`,
              legend: `${legend} ({{emporium_paused_by}})`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Traffic',
      panels: [
        chart({
          title: 'Accepted a second',
          description: 'Messages that each broker accepted from each service.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: rateOf(
                'messaging_client_sent_messages_total{error_type=""}',
                'messaging_system, service_name',
              ),
              legend: '{{service_name}} ({{messaging_system}})',
            },
          ],
        }),
        chart({
          title: 'Refused a second',
          description: 'Messages that the broker did not accept, by service and reason. Normally none.',
          unit: 'ops',
          queries: [
            {
              expr: rateOf(
                'messaging_client_sent_messages_total{error_type!=""}',
                'service_name, error_type',
              ),
              legend: '{{service_name}} {{error_type}}',
            },
          ],
        }),
        chart({
          title: 'Deliveries a second',
          description: 'By subscription.',
          unit: 'ops',
          stacked: true,
          queries: [{ expr: rateOf('messaging_client_consumed_messages_total', subscription), legend }],
        }),
        chart({
          title: 'Age of messages at their handling',
          description: 'Of the slowest in 20, by subscription. A dot is one message, and opens its trace.',
          unit: 's',
          width: 24,
          exemplars: true,
          queries: [{ expr: quantileOf(0.95, 'emporium_message_age_seconds', { by: subscription }), legend }],
        }),
      ],
    },
  ],
});
