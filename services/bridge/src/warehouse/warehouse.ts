import type { Message } from '@emporium/bus';
import type { orderConfirmed } from '@emporium/contracts';
import type { Health, LifecycleStage, Log } from '@emporium/service';
import type { RabbitmqConnection } from '../rabbitmq/connection.ts';
import { createRabbitmqPublisher, type RabbitmqMessage } from '../rabbitmq/publisher.ts';
import { encodeOrderConfirmed, orderConfirmedName } from '../translations/order-confirmed.ts';
import { declareWarehouse, warehouse } from './topology.ts';

/** Where confirmed orders go. */
export interface Warehouse {
  /** Resolves when the warehouse's broker durably owns the message; rejects with `bridge.broker_away` otherwise. Repeatable. */
  send(message: RabbitmqMessage): Promise<void>;
}

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

/** A warehouse on RabbitMQ, and the stage that declares its queues. While it is away the service is degraded. */
export const openWarehouse = (
  connection: RabbitmqConnection,
  health: Health,
  log: Log,
): { readonly warehouse: Warehouse; readonly stage: LifecycleStage } => {
  const publisher = createRabbitmqPublisher({ connection, declare: declareWarehouse });
  health.add(
    'warehouse',
    () => {
      const trouble = publisher.trouble();
      if (trouble !== undefined) throw new Error(trouble);
    },
    { degrades: true },
  );
  return {
    warehouse: { send: (message) => publisher.publish(message) },
    stage: {
      name: 'warehouse',
      start: () => {
        const forget = connection.onConnect(() => {
          publisher
            .prepare()
            .catch((error: unknown) => log.warn(`the queues of the warehouse: ${String(error)}`));
        });
        return async () => {
          forget();
          await publisher.close();
        };
      },
    },
  };
};
