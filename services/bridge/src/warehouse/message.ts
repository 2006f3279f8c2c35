import type { Message } from '@emporium/bus';
import type { orderConfirmed } from '@emporium/contracts';
import type { RabbitmqMessage } from '../rabbitmq/publisher.ts';
import { encodeOrderConfirmed, orderConfirmedName } from '../translations/order-confirmed.ts';
import { warehouse } from './topology.ts';

/** The message for the warehouse: the same bytes, under the same id, each time. Throws when the order cannot be encoded. */
export const warehouseMessage = (message: Message<typeof orderConfirmed>): RabbitmqMessage => ({
  exchange: warehouse.exchange,
  routingKey: warehouse.routingKey,
  body: encodeOrderConfirmed({ eventId: message.id, confirmedAt: message.time, data: message.data }),
  properties: {
    messageId: message.id,
    type: orderConfirmedName,
    contentType: 'application/x-protobuf',
    timestamp: Math.floor(message.time.getTime() / 1_000),
    correlationId: message.context.correlationId,
    appId: 'emporium',
  },
});
