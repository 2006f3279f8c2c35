import { type Column, printable, table } from '../table.ts';
import type { Attempt, Delivery, DeliveryDetail, Webhook, WebhookDetail } from './views.ts';

const eventsOf = ({ events }: Webhook): string => (events === 'all' ? 'all' : events.join(', '));

const stateOf = ({ enabled, failingSince }: Webhook): string => {
  if (!enabled) return 'disabled';
  return failingSince === undefined ? 'enabled' : 'failing';
};

const webhookColumns: readonly Column<Webhook>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'state', text: stateOf },
  { heading: 'pending', text: ({ deliveries }) => String(deliveries.pending), alignRight: true },
  { heading: 'failed', text: ({ deliveries }) => String(deliveries.failed), alignRight: true },
  { heading: 'url', text: ({ url }) => url },
  { heading: 'events', text: eventsOf },
];

export const webhookTable = (webhooks: readonly Webhook[]): string[] => table(webhooks, webhookColumns);

export const detailLines = (webhook: WebhookDetail): string[] => {
  const { disabled, failingSince, throttledUntil, previousSecretUntil, description, deliveries } = webhook;
  const line = (text: string | undefined) => (text === undefined ? [] : [`  ${printable(text)}`]);
  return [
    `${webhook.id} ${stateOf(webhook)}: ${printable(webhook.url)}`,
    ...line(description),
    ...line(`events: ${eventsOf(webhook)}`),
    ...line(`${deliveries.pending} deliveries pending, ${deliveries.failed} failed`),
    ...line(disabled && `disabled at ${disabled.at}: ${disabled.reason}`),
    ...line(failingSince && `every attempt failed since ${failingSince}`),
    ...line(throttledUntil && `asked for no request until ${throttledUntil}`),
    ...line(previousSecretUntil && `the secret before is used until ${previousSecretUntil}`),
    '',
    ...table(webhook.changes, [
      { heading: 'at', text: ({ at }) => at },
      { heading: 'who', text: ({ userId }) => userId },
      { heading: 'what', text: ({ action }) => action },
      { heading: 'details', text: ({ details }) => JSON.stringify(details) },
    ]),
  ];
};

const deliveryColumns: readonly Column<Delivery>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'at', text: ({ createdAt }) => createdAt },
  { heading: 'type', text: ({ type }) => type },
  { heading: 'status', text: ({ status }) => status },
  { heading: 'attempts', text: ({ attempts }) => String(attempts), alignRight: true },
  { heading: 'next', text: ({ nextAttemptAt = '' }) => nextAttemptAt },
  { heading: 'last answer', text: ({ lastReason, lastStatus = '' }) => lastReason ?? String(lastStatus) },
];

export const deliveryTable = (deliveries: readonly Delivery[]): string[] =>
  table(deliveries, deliveryColumns);

const attemptColumns: readonly Column<Attempt>[] = [
  { heading: 'at', text: ({ at }) => at },
  { heading: 'ms', text: ({ durationMs }) => String(durationMs), alignRight: true },
  { heading: 'status', text: ({ status = '' }) => String(status) },
  { heading: 'reason', text: ({ reason = '' }) => reason },
  { heading: 'answer', text: ({ snippet = '' }) => snippet.slice(0, 60) },
];

export const deliveryLines = (delivery: DeliveryDetail): string[] => [
  `${delivery.id} ${delivery.type}: ${delivery.status} after ${delivery.attempts} attempts`,
  '',
  ...table(delivery.history, attemptColumns),
  '',
  printable(JSON.stringify(delivery.payload)),
];
