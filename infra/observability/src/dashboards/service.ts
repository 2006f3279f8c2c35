import { quantileOf, rateOf } from '../promql.ts';
import { dashboard } from './dashboard.ts';
import { chart, number } from './panels.ts';

const own = '{service_name="$service_name"}';
const ownWith = (selector: string) => `{service_name="$service_name",${selector}}`;

export const service = dashboard({
  uid: 'emporium-service',
  title: 'One service',
  description:
    'Everything about the processes of one service: requests, messages, database, event loop and memory.',
  ofOneService: true,
  sections: [
    {
      title: 'Now',
      panels: [
        number({
          title: 'Instances',
          description: 'Processes of the service that answer.',
          unit: 'short',
          badBelow: 1,
          queries: [{ expr: `sum(up${ownWith('job="emporium"')})`, legend: 'instances' }],
        }),
        number({
          title: 'Release',
          description: 'The version that each instance runs.',
          unit: 'string',
          queries: [
            { expr: `count by (service_version) (target_info${own})`, legend: '{{service_version}}' },
          ],
        }),
        number({
          title: 'Not published',
          description: 'Committed messages in the outbox. Normally none, or a few for milliseconds.',
          unit: 'short',
          warnFrom: 100,
          queries: [{ expr: `max(emporium_outbox_messages${own})`, legend: 'messages' }],
        }),
        number({
          title: 'Oldest of them',
          description: 'How long the oldest message of the outbox has waited.',
          unit: 's',
          warnFrom: 5,
          badFrom: 60,
          queries: [{ expr: `max(emporium_outbox_oldest_age_seconds${own})`, legend: 'age' }],
        }),
        number({
          title: 'Log lines lost',
          description: 'Lines that could not be written, since the start of the process.',
          unit: 'short',
          badFrom: 1,
          queries: [{ expr: `sum(emporium_log_lines_lost_total${own})`, legend: 'lines' }],
        }),
        number({
          title: 'Spans dropped',
          description: 'Spans that were not exported, since the start of the process: traces have gaps.',
          unit: 'short',
          warnFrom: 1,
          queries: [{ expr: `sum(emporium_spans_dropped_total${own}) or vector(0)`, legend: 'spans' }],
        }),
      ],
    },
    {
      title: 'HTTP',
      panels: [
        chart({
          title: 'Requests a second',
          description: 'By status. 5xx are failures of ours.',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: rateOf(`http_server_request_duration_seconds_count${own}`, 'http_response_status_code'),
              legend: '{{http_response_status_code}}',
            },
          ],
        }),
        chart({
          title: 'Time to answer',
          description: 'Of the slowest request in 20, by route. A dot is one request, and opens its trace.',
          unit: 's',
          exemplars: true,
          queries: [
            {
              expr: quantileOf(0.95, 'http_server_request_duration_seconds', {
                selector: own,
                by: 'http_route',
              }),
              legend: '{{http_route}}',
            },
          ],
        }),
        chart({
          title: 'Requests to other systems',
          description: 'A second, by system and status; without a status there was no answer.',
          unit: 'reqps',
          queries: [
            {
              expr: rateOf(
                `http_client_request_duration_seconds_count${own}`,
                'service_peer_name, http_response_status_code',
              ),
              legend: '{{service_peer_name}} {{http_response_status_code}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Messages',
      panels: [
        chart({
          title: 'Handled a second',
          description: 'Deliveries by contract and by how they ended.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: rateOf(
                `messaging_process_duration_seconds_count${own}`,
                'emporium_message_type, emporium_settlement',
              ),
              legend: '{{emporium_message_type}} {{emporium_settlement}}',
            },
          ],
        }),
        chart({
          title: 'Time to handle',
          description: 'Of the slowest message in 20. A dot is one message, and opens its trace.',
          unit: 's',
          exemplars: true,
          queries: [
            {
              expr: quantileOf(0.95, 'messaging_process_duration_seconds', {
                selector: own,
                by: 'emporium_message_type',
              }),
              legend: '{{emporium_message_type}}',
            },
          ],
        }),
        chart({
          title: 'Group size',
          description: 'Messages that shared a transaction, on average. More than 1 under load is normal.',
          unit: 'short',
          queries: [
            {
              expr: `${rateOf(`emporium_message_group_size_sum${own}`, 'messaging_destination_subscription_name')} / ${rateOf(`emporium_message_group_size_count${own}`, 'messaging_destination_subscription_name')}`,
              legend: '{{messaging_destination_subscription_name}}',
            },
          ],
        }),
        chart({
          title: 'Delivered again',
          description:
            'Deliveries a second of messages that had been handled, and had no effect. Normal after a crash.',
          unit: 'ops',
          queries: [
            {
              expr: rateOf(`emporium_inbox_hits_total${own}`, 'messaging_destination_subscription_name'),
              legend: '{{messaging_destination_subscription_name}}',
            },
          ],
        }),
        chart({
          title: 'Outbox',
          description: 'Committed messages that are not published.',
          unit: 'short',
          queries: [{ expr: `max(emporium_outbox_messages${own})`, legend: 'messages' }],
        }),
        chart({
          title: 'Published a second',
          description: 'By contract; refused ones with the reason.',
          unit: 'ops',
          queries: [
            {
              expr: rateOf(`messaging_client_sent_messages_total${own}`, 'emporium_message_type, error_type'),
              legend: '{{emporium_message_type}} {{error_type}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Database',
      panels: [
        chart({
          title: 'Connections',
          description:
            'Of the pool, and callers that wait for one. Waiting callers mean that the pool is too small or transactions are too long.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (db_client_connection_state) (db_client_connection_count${own})`,
              legend: '{{db_client_connection_state}}',
            },
            { expr: `sum(db_client_connection_pending_requests${own})`, legend: 'waiting callers' },
          ],
        }),
        chart({
          title: 'Wait for a connection',
          description: 'Of the slowest in 20.',
          unit: 's',
          queries: [
            {
              expr: quantileOf(0.95, 'db_client_connection_wait_time_seconds', { selector: own }),
              legend: 'wait',
            },
          ],
        }),
        chart({
          title: 'Time of a transaction',
          description: 'Of the slowest in 20, by outcome.',
          unit: 's',
          exemplars: true,
          queries: [
            {
              expr: quantileOf(0.95, 'emporium_transaction_duration_seconds', {
                selector: own,
                by: 'emporium_outcome',
              }),
              legend: '{{emporium_outcome}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Process',
      panels: [
        chart({
          title: 'Event loop delay',
          description: 'How late timers run. Below 50 ms is normal; everything in the process waits for it.',
          unit: 's',
          queries: [
            {
              expr: `max by (instance) (nodejs_eventloop_delay_p99_seconds${own})`,
              legend: '99 % {{instance}}',
            },
            {
              expr: `max by (instance) (nodejs_eventloop_delay_max_seconds${own})`,
              legend: 'longest {{instance}}',
            },
          ],
        }),
        chart({
          title: 'Processor',
          description: 'Processors in use, and the part of the time in which the event loop is busy.',
          unit: 'percentunit',
          queries: [
            {
              expr: rateOf(`process_cpu_time_seconds_total${own}`, 'instance'),
              legend: 'processor {{instance}}',
            },
            {
              expr: `max by (instance) (nodejs_eventloop_utilization_ratio${own})`,
              legend: 'event loop {{instance}}',
            },
          ],
        }),
        chart({
          title: 'Memory',
          description:
            'Resident memory, and the part that is JavaScript objects. A heap that only grows is a leak.',
          unit: 'bytes',
          queries: [
            { expr: `max by (instance) (process_memory_usage_bytes${own})`, legend: 'resident {{instance}}' },
            { expr: `max by (instance) (v8js_memory_heap_used_bytes${own})`, legend: 'heap {{instance}}' },
          ],
        }),
        chart({
          title: 'Spans exported a second',
          description: 'Spans that the collector accepted, and dropped ones by reason.',
          unit: 'ops',
          width: 24,
          queries: [
            { expr: `sum(rate(emporium_spans_exported_total${own}[$__rate_interval]))`, legend: 'exported' },
            {
              expr: rateOf(`emporium_spans_dropped_total${own}`, 'emporium_reason'),
              legend: 'dropped: {{emporium_reason}}',
            },
          ],
        }),
      ],
    },
  ],
});
