import type { Durations } from '../durations.ts';
import type { Alert } from '../rule.ts';

const subscription = 'messaging_destination_subscription_name';

/** Only a person knows why a person paused it. */
const unlessPausedByPerson = `unless on (${subscription}) max by (${subscription}) (emporium_subscription_paused{emporium_paused_by="person"}) == 1`;

/** Adds the label of the service, which is the part of the subscription's name before the dot: ServiceDown has it too. */
const withService = (expr: string): string =>
  `label_replace(${expr},
      "service_name", "$1", "${subscription}", "([^.]+)[.].*")`;

/** Messages that are not handled, not published, or set aside. */
export const messageAlerts = (durations: Durations): readonly Alert[] => [
  {
    name: 'ConsumerAway',
    severity: 'critical',
    expr: withService(`
      max by (${subscription}) (emporium_queue_messages) > 0
      unless on (${subscription}) sum by (${subscription}) (increase(messaging_client_consumed_messages_total[${durations.of('2m')}])) > 0
      ${unlessPausedByPerson}`),
    for: durations.of('3m'),
    summary: 'Messages wait for {{ $labels.messaging_destination_subscription_name }}, and nobody takes them',
    meaning:
      'Messages wait for this subscription, and for minutes none was delivered: its service is down, has lost its connection to the broker, or its handlers hang. The messages are kept.',
    action:
      'The part of the name before the dot is the service. See whether it runs (ServiceDown fires too), and what it last logged: `npm run logs -- --service <service> --level warn`. Restart it: it goes on where it was. A subscription that a person pauses (`npm run subscriptions -- pause`) does not fire this alert.',
  },
  {
    name: 'QueueGrows',
    severity: 'warning',
    expr: withService(`
      max by (${subscription}) (emporium_queue_messages) > 1000
      and on (${subscription}) max by (${subscription}) (emporium_queue_messages) > max by (${subscription}) (emporium_queue_messages offset ${durations.of('10m')})
      ${unlessPausedByPerson}`),
    for: durations.of('10m'),
    summary:
      '{{ $labels.messaging_destination_subscription_name }} is falling behind: {{ $value }} messages wait',
    meaning: 'More messages arrive for this subscription than its service handles.',
    action:
      'See on the dashboard "One service" what is slow: the database, another system, or the event loop. Start another instance of the service (`docker compose up --wait --scale <service>=2`); instances share a subscription.',
  },
  {
    name: 'MessagesWaitTooLong',
    severity: 'warning',
    expr: withService(`
      max by (${subscription}) (emporium_queue_oldest_age_seconds) > ${durations.seconds('5m')}
      ${unlessPausedByPerson}`),
    for: durations.of('5m'),
    summary:
      'The oldest message of {{ $labels.messaging_destination_subscription_name }} has waited {{ $value | humanizeDuration }}',
    meaning:
      'A message has waited for more than five minutes, although others may be handled: the service is slow, or a message that comes before it on the same key keeps failing.',
    action:
      'See its retries: `npm run logs -- --service <service> --level warn`. A message that can never work becomes a dead letter after its attempts: `npm run dead-letters -- groups --status open`.',
  },
  {
    name: 'SubscriptionPaused',
    severity: 'info',
    expr: `
      max by (${subscription}) (emporium_subscription_paused{emporium_paused_by="person"}) == 1
      and on (${subscription}) max by (${subscription}) (emporium_queue_messages) > 0`,
    for: durations.of('30m'),
    summary:
      '{{ $labels.messaging_destination_subscription_name }} is paused by a person, and messages wait for it',
    meaning: 'An administrator paused this subscription half an hour ago or earlier. Its messages are kept.',
    action:
      '`npm run subscriptions -- show <name>` says who paused it and why; `npm run subscriptions -- resume <name>` resumes it.',
  },
  {
    name: 'SubscriptionPausedByOutage',
    severity: 'warning',
    expr: withService(
      `max by (${subscription}) (emporium_subscription_paused{emporium_paused_by="outage"}) == 1`,
    ),
    for: durations.of('5m'),
    summary: '{{ $labels.messaging_destination_subscription_name }} waits for its database or its broker',
    meaning:
      'The service handles nothing, because its own database or its broker cannot be reached. It probes, and resumes by itself.',
    action:
      'Bring the server back. `npm run logs -- --service <service> --level warn` has the error of the last probe.',
  },
  {
    name: 'OutboxStuck',
    severity: 'critical',
    expr: `max by (service_name) (emporium_outbox_oldest_age_seconds) > ${durations.seconds('1m')}`,
    for: durations.of('1m'),
    summary:
      'A message of {{ $labels.service_name }} has not been published for {{ $value | humanizeDuration }}',
    meaning:
      'Committed messages of this service do not reach the broker: it cannot be reached, is out of memory or disk, or refuses a message. They are kept in the outbox, and others do not learn of them.',
    action:
      'See whether BrokerDown fires too. The reason is in `npm run logs -- --service <service> --level warn`. Nothing has to be published again by hand.',
  },
  {
    name: 'TaskOutboxStuck',
    severity: 'warning',
    expr: `max by (service_name) (emporium_task_outbox_oldest_age_seconds) > ${durations.seconds('1m')}`,
    for: durations.of('1m'),
    summary: 'A task of {{ $labels.service_name }} has not been enqueued for {{ $value | humanizeDuration }}',
    meaning: 'Committed tasks, such as mails, do not reach the task queue. They are kept in the outbox.',
    action:
      'See whether the server of `TASKS_URL` (Redis or PostgreSQL) answers; `npm run logs -- --service <service> --level warn` has the reason.',
  },
  {
    name: 'PublishingRefused',
    severity: 'warning',
    expr: `sum by (service_name, error_type) (increase(messaging_client_sent_messages_total{error_type!=""}[${durations.of('10m')}])) > 0`,
    for: durations.of('5m'),
    summary: 'The broker does not accept messages of {{ $labels.service_name }}: {{ $labels.error_type }}',
    meaning:
      'The broker refuses messages, or has no queue for them. They are tried again, and keep later messages of the same key waiting.',
    action:
      'Is the topology complete? `BUS_URL=… npm run topology -- diff`. Unroutable commands and refusals by permission are in `npm run logs -- --service <service> --level warn`.',
  },
  {
    name: 'BrokerDown',
    severity: 'critical',
    expr: 'min by (messaging_system) (emporium_broker_up) == 0',
    for: durations.of('1m'),
    summary: 'The queues of {{ $labels.messaging_system }} cannot be read',
    meaning:
      'The broker does not answer the operations service. As long as it is away nothing is delivered; what is committed waits in the outboxes, and nothing is lost.',
    action:
      'Bring the broker back (`docker compose ps`, `docker compose logs <broker>`). Services connect again by themselves.',
  },
  {
    name: 'DeadLettersRise',
    severity: 'warning',
    expr: `
      max by (${subscription}) (emporium_dead_letters{emporium_dead_letter_status="open"})
        - (max by (${subscription}) (emporium_dead_letters{emporium_dead_letter_status="open"} offset ${durations.of('15m')})
           or max by (${subscription}) (emporium_dead_letters{emporium_dead_letter_status="open"}) * 0) > 0`,
    for: durations.of('1m'),
    summary:
      '{{ $value }} more messages of {{ $labels.messaging_destination_subscription_name }} were set aside as dead letters',
    meaning:
      'Messages could not be handled in all their attempts, or can never be. Each waits for a person to replay or discard it.',
    action:
      '`npm run dead-letters -- groups --status open` shows the reasons. After the cause is repaired: `npm run dead-letters -- replay --group <id>`. It clears when none was added for 15 minutes, or they are resolved.',
  },
  {
    name: 'SensorStreamLags',
    severity: 'warning',
    expr: `max by (${subscription}) (emporium_queue_messages{${subscription}="sensor-analytics.readings"}) > 5000`,
    for: durations.of('5m'),
    summary: 'sensor-analytics is {{ $value }} readings behind',
    meaning: 'Readings arrive faster than sensor-analytics aggregates them: alerts about sensors come late.',
    action:
      'Start another instance of sensor-analytics, up to the number of partitions of the stream; or see on the dashboard "One service" what is slow.',
  },
];
