import { ofSubscription, type RuleCase, series } from './rule-case.ts';

const orders = { messaging_destination_subscription_name: 'email.orders' };
const ordersOfEmail = { ...orders, service_name: 'email' };
const readings = { messaging_destination_subscription_name: 'sensor-analytics.readings' };
const waiting = ofSubscription('emporium_queue_messages', 'email.orders');
const deliveries = ofSubscription('messaging_client_consumed_messages_total', 'email.orders', {
  instance: 'email:8080',
});
const age = ofSubscription('emporium_queue_oldest_age_seconds', 'email.orders');
const byPerson = ofSubscription('emporium_subscription_paused', 'email.orders', {
  emporium_paused_by: 'person',
});
const byOutage = ofSubscription('emporium_subscription_paused', 'email.orders', {
  emporium_paused_by: 'outage',
});
const open = ofSubscription('emporium_dead_letters', 'email.orders', { emporium_dead_letter_status: 'open' });
const discarded = ofSubscription('emporium_dead_letters', 'email.orders', {
  emporium_dead_letter_status: 'discarded',
});
const lag = ofSubscription('emporium_queue_messages', 'sensor-analytics.readings');
const outbox = series('emporium_outbox_oldest_age_seconds', { service_name: 'order' });
const taskOutbox = series('emporium_task_outbox_oldest_age_seconds', { service_name: 'email' });
const refused = series('messaging_client_sent_messages_total', {
  service_name: 'order',
  error_type: 'bus.unroutable',
});
const accepted = series('messaging_client_sent_messages_total', { service_name: 'order', error_type: '' });
const up = series('emporium_broker_up', { messaging_system: 'rabbitmq' });

export const messageCases: readonly RuleCase[] = [
  {
    alert: 'ConsumerAway',
    title: 'fires when messages wait and the process that counts deliveries is gone',
    series: { [waiting]: '0x8 3+1x40', [deliveries]: '0+5x8' },
    at: '9m',
    fires: [ordersOfEmail],
  },
  {
    alert: 'ConsumerAway',
    title: 'fires when messages wait and the counter of deliveries stands still',
    series: { [waiting]: '3x40', [deliveries]: '100x40' },
    at: '9m',
    fires: [ordersOfEmail],
  },
  {
    alert: 'ConsumerAway',
    title: 'does not fire while deliveries are made, however many messages wait',
    series: { [waiting]: '3000+10x40', [deliveries]: '0+5x40' },
    at: '9m',
    fires: [],
  },
  {
    alert: 'ConsumerAway',
    title: 'does not fire for a subscription that a person has paused',
    series: { [waiting]: '3x40', [deliveries]: '100x40', [byPerson]: '1x40' },
    at: '9m',
    fires: [],
  },
  {
    alert: 'ConsumerAway',
    title: 'does not fire without messages, and clears when deliveries are made again',
    series: { [waiting]: '5x24 0x40', [deliveries]: '100x24 105+0x40' },
    at: '9m',
    fires: [],
  },
  {
    alert: 'QueueGrows',
    title: 'fires when ever more messages wait, although they are handled',
    series: { [waiting]: '1000+10x120', [deliveries]: '0+5x120' },
    at: '25m',
    fires: [ordersOfEmail],
  },
  {
    alert: 'QueueGrows',
    title: 'does not fire while a long queue becomes shorter',
    series: { [waiting]: '9000-10x120', [deliveries]: '0+5x120' },
    at: '25m',
    fires: [],
  },
  {
    alert: 'MessagesWaitTooLong',
    title: 'fires when one message has waited for long',
    series: { [age]: '0+15x120' },
    at: '20m',
    fires: [ordersOfEmail],
  },
  {
    alert: 'MessagesWaitTooLong',
    title: 'does not fire for messages that wait for minutes, or while a person has paused the subscription',
    series: {
      [age]: '0+15x120',
      [byPerson]: '1x120',
      [ofSubscription('emporium_queue_oldest_age_seconds', 'order.replies')]: '200x120',
    },
    at: '20m',
    fires: [],
  },
  {
    alert: 'SubscriptionPaused',
    title: 'says that a person paused a subscription for which messages wait',
    series: { [byPerson]: '1x200', [waiting]: '3x200' },
    at: '40m',
    fires: [orders],
  },
  {
    alert: 'SubscriptionPaused',
    title: 'says nothing for minutes of maintenance, or when nothing waits',
    series: {
      [byPerson]: '0x100 1x100',
      [waiting]: '3x200',
      [ofSubscription('emporium_subscription_paused', 'order.replies', { emporium_paused_by: 'person' })]:
        '1x200',
      [ofSubscription('emporium_queue_messages', 'order.replies')]: '0x200',
    },
    at: '40m',
    fires: [],
  },
  {
    alert: 'SubscriptionPausedByOutage',
    title: 'fires when an outage lasts',
    series: { [byOutage]: '1x40' },
    at: '8m',
    fires: [ordersOfEmail],
  },
  {
    alert: 'SubscriptionPausedByOutage',
    title: 'does not fire for a restart of the database, or for a person',
    series: { [byOutage]: '0x20 1x4 0x20', [byPerson]: '1x40' },
    at: '8m',
    fires: [],
  },
  {
    alert: 'OutboxStuck',
    title: 'fires when a committed message stays unpublished',
    series: { [outbox]: '0+15x40' },
    at: '5m',
    fires: [{ service_name: 'order' }],
  },
  {
    alert: 'OutboxStuck',
    title: 'does not fire for messages that are published within a minute',
    series: { [outbox]: '40x40' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'TaskOutboxStuck',
    title: 'fires when a committed task is not enqueued',
    series: { [taskOutbox]: '0+15x40' },
    at: '5m',
    fires: [{ service_name: 'email' }],
  },
  {
    alert: 'TaskOutboxStuck',
    title: 'does not fire for tasks that are enqueued within a minute',
    series: { [taskOutbox]: '40x40' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'PublishingRefused',
    title: 'fires when the broker refuses messages for minutes',
    series: { [refused]: '0+1x80', [accepted]: '0+9x80' },
    at: '10m',
    fires: [{ service_name: 'order', error_type: 'bus.unroutable' }],
  },
  {
    alert: 'PublishingRefused',
    title: 'does not fire for accepted messages',
    series: { [accepted]: '0+9x80', [refused]: '7x80' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'BrokerDown',
    title: 'fires when the queues cannot be read for a minute',
    series: { [up]: '1x4 0x20' },
    at: '4m',
    fires: [{ messaging_system: 'rabbitmq' }],
  },
  {
    alert: 'BrokerDown',
    title: 'does not fire for one failed attempt',
    series: { [up]: '1x14 0 1x20' },
    at: '4m',
    fires: [],
  },
  {
    alert: 'DeadLettersRise',
    title: 'fires when a first dead letter is stored, for which there was no series before',
    series: { [open]: '_x20 2x40' },
    at: '8m',
    fires: [orders],
  },
  {
    alert: 'DeadLettersRise',
    title: 'fires when there are more than before',
    series: { [open]: '7x100 8x20' },
    at: '28m',
    fires: [orders],
  },
  {
    alert: 'DeadLettersRise',
    title: 'clears when none was added for a quarter of an hour, and when they are resolved',
    series: {
      [open]: '7x20 8x200',
      [discarded]: '0+1x200',
      [ofSubscription('emporium_dead_letters', 'order.replies', { emporium_dead_letter_status: 'open' })]:
        '0x40 5x20 0x40',
    },
    at: '22m',
    fires: [],
  },
  {
    alert: 'SensorStreamLags',
    title: 'fires when thousands of readings wait',
    series: { [lag]: '6000x60' },
    at: '8m',
    fires: [readings],
  },
  {
    alert: 'SensorStreamLags',
    title: 'does not fire for a few readings, or for another queue',
    series: { [lag]: '400x60', [waiting]: '9000x60' },
    at: '8m',
    fires: [],
  },
];
