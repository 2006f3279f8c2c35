import { type BrokerUser, literal, openVirtualHost, type VirtualHostOptions } from './virtual-host.ts';

/** Topics of MQTT are routing keys of the exchange `amq.topic` here, with dots in the place of slashes. */
export interface MqttAccessOptions extends VirtualHostOptions {
  /** May publish `topic` and below, and subscribe to `deadLetters` with a client id that begins with its name and a dash. */
  readonly device: BrokerUser;
  readonly topic: string;
  readonly deadLetters: string;
  /** The user that receives the one and publishes the other; it exists already. */
  readonly reader: string;
  /** The client id of the reader, or what it begins with before a dash. */
  readonly readerClientId: string;
}

/**
 * Creates the virtual host of the devices that speak MQTT, which `mqtt.vhost` in the broker's configuration should name, and their
 * user. It reads no session but its own. RabbitMQ closes the connection of the reader when somebody connects with its client id, even if
 * they are refused: that id is better a secret. Safe to repeat, also while they are connected.
 */
export const applyMqttAccess = async ({
  device,
  topic,
  deadLetters,
  reader,
  readerClientId,
  ...options
}: MqttAccessOptions): Promise<void> => {
  const ofReader = `amq\\.topic|${sessionsOf(`${literal(readerClientId)}(-.+)?`)}`;
  const sessions = sessionsOf(`${literal(device.user)}-.*`);
  const virtualHost = await openVirtualHost(options, sessionsOf('.*'));
  await virtualHost.createUser(device);
  await virtualHost.grantTopics(device.user, {
    exchange: 'amq.topic',
    write: `${literal(topic)}(\\..*)?`,
    read: literal(deadLetters),
  });
  await virtualHost.grant(device.user, {
    configure: sessions,
    write: `amq\\.topic|${sessions}`,
    read: `amq\\.topic|${sessions}`,
  });
  await virtualHost.grant(reader, { configure: ofReader, write: ofReader, read: ofReader });
};

/** The queues of the sessions of a client id, one for each quality of service. */
const sessionsOf = (clientId: string): string => `mqtt-subscription-${clientId}qos[01]`;
