import type { Message } from '@emporium/bus';
import {
  type Contract,
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderPlaced,
  orderRefunded,
  productListed,
  productPriceChanged,
  productRestocked,
  shipmentDelivered,
  shipmentDispatched,
} from '@emporium/contracts';

/** The events that webhooks receive, in their newest version. To publish another one, add it here and to `bridge.webhooks`. */
export const webhookEvents: readonly Contract[] = [
  orderPlaced,
  orderConfirmed,
  orderCompleted,
  orderCancelled,
  orderRefunded,
  shipmentDispatched,
  shipmentDelivered,
  productListed,
  productPriceChanged,
  productRestocked,
];

/** As receivers see them: without a version. */
export const eventTypes: readonly string[] = webhookEvents.map(({ name }) => name);

/** The body of a webhook (Standard Webhooks, "Payload structure"): the type, when the event happened, and its data. */
export const payloadOf = ({ contract, time, data }: Pick<Message, 'contract' | 'time' | 'data'>): Buffer =>
  Buffer.from(JSON.stringify({ type: contract.name, timestamp: time.toISOString(), data }));
