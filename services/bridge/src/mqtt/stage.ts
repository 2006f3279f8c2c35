import type { Health, LifecycleStage, Log, ServiceContext } from '@emporium/service';
import { createLeases, startPoller } from '@emporium/store';
import type { Config } from '../config.ts';
import type { Tables } from '../store/tables.ts';
import { handleReadings } from './readings.ts';
import { createRetainedMessages } from './retained.ts';
import type { MqttOptions, MqttSubscriber } from './subscriber.ts';

/** Writes the readings of MQTT into the stream, where there is an MQTT. */
export const sensorReadings = (
  { BRIDGE_MQTT_URL: url, BRIDGE_MQTT_TOPIC: topic, BRIDGE_MQTT_CLIENT_ID: clientId, DATABASE_URL }: Config,
  { store, stream, health, log }: ServiceContext<Tables>,
): readonly LifecycleStage[] => {
  if (url === undefined) return [];
  const handle = handleReadings(stream, createRetainedMessages(store));
  return [mqttStage({ url, topic, clientId, handle, databaseUrl: DATABASE_URL, health, log })];
};

interface MqttStageOptions extends MqttOptions {
  readonly databaseUrl: string;
  readonly health: Health;
  readonly log: Log;
}

/** The key of the advisory lock for the one instance that is connected. */
const leaseSpace = 7_101;
const leaseEveryMs = 1_000;

/**
 * Receives from MQTT in one instance of the service at a time, since a session has one connection: the instance with the lease. When
 * it ends, another takes the session over within a second. While the broker is away the service is degraded.
 */
export const mqttStage = ({ databaseUrl, health, log, ...options }: MqttStageOptions): LifecycleStage => {
  let subscriber: MqttSubscriber | undefined;
  health.add(
    'mqtt',
    () => {
      const trouble = subscriber?.trouble(); // another instance may be the one
      if (trouble !== undefined) throw new Error(trouble);
    },
    { degrades: true },
  );

  const disconnect = async (): Promise<void> => {
    const last = subscriber;
    subscriber = undefined;
    await last?.close();
  };

  return {
    name: 'mqtt',
    start: () => {
      const leases = createLeases({
        url: databaseUrl,
        partitions: 1,
        applicationName: 'bridge mqtt',
        space: leaseSpace,
        onHint: () => undefined,
      });
      const poller = startPoller({
        name: 'lease of MQTT',
        log,
        run: async (signal) => {
          try {
            await leases.balance();
          } finally {
            const mayConnect = leases.owned().length > 0 && !signal.aborted;
            if (!mayConnect) await disconnect();
            // On demand: the client takes memory, and most shops have no MQTT.
            else subscriber ??= (await import('./subscriber.ts')).openMqttSubscriber({ ...options, log });
          }
          return leaseEveryMs;
        },
      });
      return async () => {
        await poller.stop();
        await disconnect();
        await leases.close();
      };
    },
  };
};
