import { createService, type LifecycleStage, type Log } from '@emporium/service';
import { amqpUrlOf, type Config } from './config.ts';
import { onOrderConfirmed } from './handlers/order-confirmed.ts';
import { onUserRegistration } from './handlers/user-registrations.ts';
import { migrations } from './migrations/index.ts';
import { handleReadings } from './mqtt/readings.ts';
import { createRetainedMessages } from './mqtt/retained.ts';
import { mqttStage } from './mqtt/stage.ts';
import { connectRabbitmq } from './rabbitmq/connection.ts';
import type { Tables } from './store/tables.ts';
import { openWarehouse } from './warehouse/warehouse.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('bridge', config, log, ({ store, stream, health }) => {
    const amqpUrl = amqpUrlOf(config);
    const rabbitmq =
      amqpUrl === undefined
        ? undefined
        : connectRabbitmq({ url: amqpUrl, name: 'bridge, other systems', log });
    const outbound = rabbitmq && openWarehouse(rabbitmq, health, log);
    if (outbound === undefined)
      log.warn('no RabbitMQ of other systems (BRIDGE_AMQP_URL): confirmed orders go to no warehouse');

    return {
      description: 'Translates between the contracts of the shop and the formats of other systems.',
      migrations,
      subscriptions: {
        'bridge.user-registrations': [onUserRegistration],
        'bridge.warehouse': [onOrderConfirmed(outbound?.warehouse)],
      },
      background: [
        ...(rabbitmq ? [{ name: 'RabbitMQ of other systems', start: () => () => rabbitmq.close() }] : []),
        ...(outbound ? [outbound.stage] : []),
        ...(config.BRIDGE_MQTT_URL === undefined
          ? []
          : [
              mqttStage({
                url: config.BRIDGE_MQTT_URL,
                topic: config.BRIDGE_MQTT_TOPIC,
                clientId: config.BRIDGE_MQTT_CLIENT_ID,
                handle: handleReadings(stream, createRetainedMessages(store)),
                databaseUrl: config.DATABASE_URL,
                health,
                log,
              }),
            ]),
      ],
      retention: [{ table: 'foreign_message', column: 'received_at', keepMs: 30 * day }],
    };
  });
