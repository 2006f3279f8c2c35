import { type Management, openManagement } from './management.ts';

/** A user of the broker. */
export interface BrokerUser {
  readonly user: string;
  readonly password: string;
}

export interface ThirdPartyAccessOptions {
  /** An administrator's `http://user:password@host:15672`, of the management plugin. */
  readonly managementUrl: string;
  /** Theirs alone: the default exchange reaches every queue of its virtual host. */
  readonly virtualHost: string;
  /** The queues that third parties write. What is refused of each is in an exchange and a queue named `<queue>.dead-letters`. */
  readonly queues: readonly string[];
  readonly thirdParty: BrokerUser;
  /** The user that consumes the queues, and declares and writes the mailboxes; it exists already. */
  readonly reader: string;
  readonly mailboxes?: readonly Mailbox[];
  readonly mqtt?: MqttAccess;
}

/** What a third party only reads: the queues of an exchange, whose names begin with that of the exchange and a dot. */
interface Mailbox {
  readonly exchange: string;
  readonly owner: BrokerUser;
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

/** Marks the users that were created here. */
const tag = 'emporium-third-party';

/** A queue that reaches one of them refuses what is published. */
const limits = { 'max-length': 1_000_000, 'max-length-bytes': 1024 ** 3, overflow: 'reject-publish' };

/**
 * Creates the virtual host of third parties and their user. It may declare and write the queues, by the default exchange as clients do
 * without being told otherwise, and read what was refused; it reaches nothing else. Safe to repeat, also while it is connected.
 */
export const applyThirdPartyAccess = async ({
  managementUrl,
  virtualHost,
  queues,
  thirdParty: { user, password },
  reader,
  mailboxes = [],
  mqtt,
}: ThirdPartyAccessOptions): Promise<void> => {
  const management = openManagement(managementUrl);
  const names = queues.map(literal).join('|');
  const deadLetters = `(${names})\\.dead-letters`;
  const all = `(${names})(\\.dead-letters)?`;
  await management.put(['vhosts', virtualHost], {});
  const ofMailboxes = mailboxes.map(({ exchange }) => `|${literal(exchange)}(\\..+)?`).join('');
  const ofMqtt = mqtt === undefined ? '' : `|amq\\.topic|${sessionsOf(literal(mqtt.readerClientId))}`;
  await management.put(['policies', virtualHost, 'emporium.limits'], {
    pattern: `^(${all}${ofMailboxes}|${sessionsOf('.*')})$`,
    'apply-to': 'queues',
    definition: limits,
  });
  await management.put(['users', user], { password, tags: tag });
  await management.put(['permissions', virtualHost, user], {
    configure: `^(${names})$`,
    write: `^(${names}|amq\\.default)$`,
    read: `^${deadLetters}$`,
  });
  await management.put(['permissions', virtualHost, reader], {
    configure: `^(${all}${ofMailboxes}${ofMqtt})$`,
    write: `^(${deadLetters}${ofMailboxes}${ofMqtt})$`,
    read: `^(${all}${ofMailboxes}${ofMqtt})$`,
  });
  for (const { exchange, owner } of mailboxes) {
    await management.put(['users', owner.user], { password: owner.password, tags: tag });
    await management.put(['permissions', virtualHost, owner.user], {
      configure: '^$',
      write: '^$',
      read: `^${literal(exchange)}\\..+$`,
    });
  }
  if (mqtt !== undefined) await grantDevice(management, virtualHost, mqtt);
};

const grantDevice = async (
  management: Management,
  virtualHost: string,
  { device: { user, password }, topic, deadLetters }: MqttAccess,
): Promise<void> => {
  const sessions = sessionsOf(`${literal(user)}-.*`);
  await management.put(['users', user], { password, tags: tag });
  await management.put(['topic-permissions', virtualHost, user], {
    exchange: 'amq.topic',
    write: `^${literal(topic)}(\\..*)?$`,
    read: `^${literal(deadLetters)}$`,
  });
  await management.put(['permissions', virtualHost, user], {
    configure: `^${sessions}$`,
    write: `^(amq\\.topic|${sessions})$`,
    read: `^(amq\\.topic|${sessions})$`,
  });
};

/** The queues of the sessions of a client id, one for each quality of service. */
const sessionsOf = (clientId: string): string => `mqtt-subscription-${clientId}qos[01]`;

const literal = (name: string): string => name.replaceAll('.', '\\.');
