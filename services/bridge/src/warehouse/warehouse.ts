import { type Follow, messageOf, traced } from '@emporium/bus';
import type { LifecycleStage, ServiceContext, Stop } from '@emporium/service';
import { attribute, SpanKind } from '@emporium/telemetry';
import { connectRabbitmq } from '../rabbitmq/connection.ts';
import { createRabbitmqPublisher, type RabbitmqMessage } from '../rabbitmq/publisher.ts';
import type { Tables } from '../store/tables.ts';
import { declareWarehouse } from './topology.ts';

/** Where confirmed orders go. */
export interface Warehouse {
  /** Resolves when the warehouse's broker durably owns the message; rejects with `bridge.broker_away` otherwise. Repeatable. */
  send(message: RabbitmqMessage): Promise<void>;
}

interface Opened {
  readonly warehouse: Warehouse;
  readonly stage: LifecycleStage;
}

/** A warehouse on RabbitMQ, and the stage that declares its queues. While it is away the service is degraded. */
export const openWarehouse = (
  url: string,
  { health, log }: Pick<ServiceContext<Tables>, 'health' | 'log'>,
): Opened => {
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
    warehouse: {
      send: (message) =>
        traced(`send ${message.exchange}`, sending(message), () => publisher.publish(message)),
    },
    stage: { name: 'warehouse', start },
  };
};

const sending = ({ exchange, properties: { messageId } }: RabbitmqMessage): Follow => ({
  kind: SpanKind.CLIENT,
  attributes: {
    [attribute.messagingSystem]: 'rabbitmq',
    [attribute.messagingOperation]: 'send',
    [attribute.messagingOperationType]: 'send',
    [attribute.destination]: exchange,
    ...(messageId === undefined ? {} : { [attribute.messageId]: messageId }),
  },
});
