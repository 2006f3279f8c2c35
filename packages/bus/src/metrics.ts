import type { Subscription } from '@emporium/contracts';
import { counter, gauge, histogram } from '@emporium/telemetry';
import type { PublishResult, Transport, TransportMessage } from './transport.ts';

const sent = counter({
  name: 'messaging_client_sent_messages_total',
  help: 'Messages that the broker accepted, or refused with the code in error_type.',
  labels: ['messaging_system', 'emporium_message_type', 'error_type'],
});

export const consumed = counter({
  name: 'messaging_client_consumed_messages_total',
  help: 'Deliveries.',
  labels: ['messaging_system', 'messaging_destination_subscription_name', 'emporium_message_type'],
});

export const processDuration = histogram({
  name: 'messaging_process_duration_seconds',
  help: 'Handling of deliveries, by how they ended.',
  labels: ['messaging_destination_subscription_name', 'emporium_message_type', 'emporium_settlement'],
});

export const messageAge = histogram({
  name: 'emporium_message_age_seconds',
  help: 'From the time of a message to the start of its handling; without open streams.',
  labels: ['messaging_destination_subscription_name'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400],
});

/** A subscription is paused by an outage in `consume`, and by a person in the service that has it. */
export const subscriptionPaused = gauge({
  name: 'emporium_subscription_paused',
  help: '1 while the subscription is paused.',
  labels: ['messaging_destination_subscription_name', 'emporium_paused_by'],
});

/** The type of a message that a broker delivered, if the subscription knows it: third parties can write any. */
export const knownType = ({ to }: Subscription, { type }: TransportMessage): string =>
  to.some((contract) => contract.type === type) ? type : 'unknown';

const count = (system: string, type: string, result: PublishResult): void =>
  sent.add(1, {
    messaging_system: system,
    emporium_message_type: type,
    error_type: result.status === 'refused' ? result.error.code : '',
  });

/** The same transport, which counts the messages that it publishes. */
export const countingTransport = (transport: Transport): Transport => ({
  ...transport,
  publish: async (messages) => {
    const results = await transport.publish(messages);
    for (const [index, result] of results.entries())
      count(transport.name, messages[index]?.type ?? 'unknown', result);
    return results;
  },
  sendTo: async (subscription, message) => {
    const result = await transport.sendTo(subscription, message);
    count(transport.name, knownType(subscription, message), result);
    return result;
  },
});
