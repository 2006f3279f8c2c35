import { type BrokerUser, literal, openVirtualHost, type VirtualHostOptions } from './virtual-host.ts';

export interface ThirdPartyAccessOptions extends VirtualHostOptions {
  /** The queues that third parties write. What is refused of each is in an exchange and a queue named `<queue>.dead-letters`. */
  readonly queues: readonly string[];
  readonly thirdParty: BrokerUser;
  /** The user that consumes the queues; it exists already. */
  readonly reader: string;
  readonly mqtt?: MqttAccess;
}

/** Topics of MQTT are routing keys of the exchange `amq.topic` here, with dots in the place of slashes. */
interface MqttAccess {
  /** May publish `topic` and below, and subscribe to `deadLetters` with a client id that begins with its name and a dash. */
  readonly device: BrokerUser;
  readonly topic: string;
  readonly deadLetters: string;
  /** The client id of the `reader`, which receives the one and publishes the other. */
  readonly readerClientId: string;
}

/**
 * Creates the virtual host of third parties and their user. It may declare and write the queues, by the default exchange as clients do
 * without being told otherwise, and read what was refused. That exchange reaches all queues of the virtual host, those with what was
 * refused, too: nothing else may be there. Safe to repeat, also while it is connected.
 */
export const applyThirdPartyAccess = async ({
  queues,
  thirdParty,
  reader,
  mqtt,
  ...options
}: ThirdPartyAccessOptions): Promise<void> => {
  const names = queues.map(literal).join('|');
  const deadLetters = `(${names})\\.dead-letters`;
  const all = `(${names})(\\.dead-letters)?`;
  const ofMqtt = mqtt === undefined ? '' : `|amq\\.topic|${sessionsOf(literal(mqtt.readerClientId))}`;
  const virtualHost = await openVirtualHost(options, `${all}|${sessionsOf('.*')}`);
  await virtualHost.createUser(thirdParty);
  await virtualHost.grant(thirdParty.user, {
    configure: names,
    write: `${names}|amq\\.default`,
    read: deadLetters,
  });
  await virtualHost.grant(reader, {
    configure: `${all}${ofMqtt}`,
    write: `${deadLetters}${ofMqtt}`,
    read: `${all}${ofMqtt}`,
  });
  if (mqtt === undefined) return;
  const { device, topic, deadLetters: refused } = mqtt;
  const sessions = sessionsOf(`${literal(device.user)}-.*`);
  await virtualHost.createUser(device);
  await virtualHost.grantTopics(device.user, {
    exchange: 'amq.topic',
    write: `${literal(topic)}(\\..*)?`,
    read: literal(refused),
  });
  await virtualHost.grant(device.user, {
    configure: sessions,
    write: `amq\\.topic|${sessions}`,
    read: `amq\\.topic|${sessions}`,
  });
};

/** The queues of the sessions of a client id, one for each quality of service. */
const sessionsOf = (clientId: string): string => `mqtt-subscription-${clientId}qos[01]`;
