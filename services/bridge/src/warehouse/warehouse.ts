import { type Message, messageOf } from '@emporium/bus';
import type { orderConfirmed } from '@emporium/contracts';
import type { LifecycleStage, ServiceContext, Stop } from '@emporium/service';
import { connectRabbitmq } from '../rabbitmq/connection.ts';
import { createRabbitmqPublisher, type RabbitmqMessage } from '../rabbitmq/publisher.ts';
import type { Tables } from '../store/tables.ts';
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

interface Opened {
  /** Undefined without a RabbitMQ of other systems: then nothing is to be sent. */
  readonly warehouse?: Warehouse;
  readonly stages: readonly LifecycleStage[];
}

/** A warehouse on RabbitMQ, and the stage that declares its queues. While it is away the service is degraded. */
export const openWarehouse = (
  url: string | undefined,
  { health, log }: Pick<ServiceContext<Tables>, 'health' | 'log'>,
): Opened => {
  if (url === undefined) {
    log.warn('no RabbitMQ of other systems (BRIDGE_AMQP_URL): confirmed orders go to no warehouse');
    return { stages: [] };
  }
  const connection = connectRabbitmq({ url, name: 'bridge, to the warehouse', log });
  const publisher = createRabbitmqPublisher({ connection, declare: declareWarehouse });
  health.add('warehouse', () => publisher.assertWorking(), { degrades: true });
  const start = (): Stop => {
    const forget = connection.onConnect(() => {
      publisher.prepare().catch((error: unknown) => log.warn(messageOf(error)));
    });
    return async () => {
      forget();
      await publisher.close();
      await connection.close();
    };
  };
  return {
    warehouse: { send: (message) => publisher.publish(message) },
    stages: [{ name: 'warehouse', start }],
  };
};
