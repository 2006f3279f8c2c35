import type { Registry, ServiceName } from '@emporium/contracts';
import { type Management, openManagement } from './management.ts';
import { deadLetters } from './names.ts';
import { type Privileges, privilegesOf } from './privileges.ts';

export interface AccessOptions {
  /** An administrator's `http://user:password@host:15672`, of the management plugin. */
  readonly managementUrl: string;
  readonly virtualHost?: string;
  readonly registry: Registry;
  /** The service that consumes all dead letters and replays them. */
  readonly operator: ServiceName;
  /** Of the user that has the service's name. */
  readonly passwordOf: (service: ServiceName) => string;
  readonly limits?: QueueLimits;
}

/** A queue that reaches one of them refuses what is published: it waits in its sender's outbox, and nothing is dropped. */
export interface QueueLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** What changed on the broker, for a log. */
export interface AccessReport {
  readonly users: readonly string[];
  /** Users of services that the registry no longer names. */
  readonly removed: readonly string[];
}

/** Marks the users that were created here: they are removed when their service is gone. */
const tag = 'emporium';

/** RabbitMQ's own tag: the user may log in to the management plugin, and sees the virtual hosts that it may use. */
const seeingQueues = 'management';

const policy = 'emporium.limits';

const defaultLimits: QueueLimits = { messages: 1_000_000, bytes: 1024 ** 3 };

/**
 * Creates a user per service with the minimal permissions that the registry implies, and the policy that limits every queue. Apply the
 * topology first: these users may declare nothing. Safe to repeat, also while they are connected; users and policies of others
 * are left alone.
 */
export const applyAccess = async (options: AccessOptions): Promise<AccessReport> => {
  const {
    managementUrl,
    virtualHost = '/',
    registry,
    operator,
    passwordOf,
    limits = defaultLimits,
  } = options;
  const management = openManagement(managementUrl);
  const wanted = privilegesOf(registry, operator);
  for (const privileges of wanted) {
    await management.put(['users', privileges.service], {
      password: passwordOf(privileges.service),
      tags: [tag, ...(privileges.seesQueues ? [seeingQueues] : [])].join(','),
    });
    await grant(management, virtualHost, privileges);
  }
  await management.put(['policies', virtualHost, policy], policyOf(registry, limits));
  const users: readonly string[] = wanted.map(({ service }) => service);
  const removed = (await taggedUsers(management)).filter((user) => !users.includes(user));
  for (const user of removed) await management.delete(['users', user]);
  return { users, removed };
};

/** First what narrows, then what opens: at no time may it do more than both allow. */
const grant = async (
  management: Management,
  virtualHost: string,
  { service, writes, reads, types }: Privileges,
): Promise<void> => {
  for (const [exchange, allowed] of Object.entries(types)) {
    await management.put(['topic-permissions', virtualHost, service], {
      exchange,
      write: `^(${alternatives(allowed)})\\.\\d+$`,
      read: nothing,
    });
  }
  await management.put(['permissions', virtualHost, service], {
    configure: nothing,
    write: oneOf(writes),
    read: oneOf(reads),
  });
};

const nothing = '^$';

const oneOf = (names: readonly string[]): string =>
  names.length === 0 ? nothing : `^(${alternatives(names)})$`;

const alternatives = (names: readonly string[]): string => names.map(literal).join('|');

const literal = (name: string): string => name.replaceAll('.', '\\.');

/** Delivery limits stay with the queues' arguments: they belong to the retry policies, and are not about capacity. */
const policyOf = ({ subscriptions }: Registry, { messages, bytes }: QueueLimits) => {
  const services = [...new Set(subscriptions.map(({ service }) => service))];
  return {
    pattern: `^((${services.join('|')})\\..+|${deadLetters})$`,
    'apply-to': 'queues',
    definition: { 'max-length': messages, 'max-length-bytes': bytes, overflow: 'reject-publish' },
  };
};

const taggedUsers = async (management: Management): Promise<string[]> => {
  const users = (await management.get(['users'])) as readonly {
    name: string;
    tags: readonly string[] | string;
  }[]; // the API's shape
  return users
    .filter(({ tags }) =>
      [tags]
        .flat()
        .flatMap((each) => each.split(','))
        .includes(tag),
    )
    .map(({ name }) => name);
};
