import { openManagement } from '../management.ts';

/** A user of the broker. */
export interface BrokerUser {
  readonly user: string;
  readonly password: string;
}

export interface VirtualHostOptions {
  /** An administrator's `http://user:password@host:15672`, of the management plugin. */
  readonly managementUrl: string;
  /** Who may write the default exchange reaches every queue of a virtual host: each kind of third party has its own. */
  readonly virtualHost: string;
}

/** Regular expressions for whole names of exchanges and queues; an empty one permits nothing. */
interface Permissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** Regular expressions for whole routing keys of a topic exchange. */
interface TopicPermissions {
  readonly exchange: string;
  readonly write: string;
  readonly read: string;
}

interface VirtualHost {
  createUser(user: BrokerUser): Promise<void>;
  grant(user: string, permissions: Permissions): Promise<void>;
  grantTopics(user: string, permissions: TopicPermissions): Promise<void>;
}

/** Marks the users that were created here. */
const tag = 'emporium-third-party';

/** A queue that reaches one of them refuses what is published. */
const limits = { 'max-length': 1_000_000, 'max-length-bytes': 1024 ** 3, overflow: 'reject-publish' };

/** Creates a virtual host, and the policy that limits those of its queues whose names match a regular expression. Safe to repeat. */
export const openVirtualHost = async (
  { managementUrl, virtualHost }: VirtualHostOptions,
  limitedQueues: string,
): Promise<VirtualHost> => {
  const management = openManagement(managementUrl);
  await management.put(['vhosts', virtualHost], {});
  await management.put(['policies', virtualHost, 'emporium.limits'], {
    pattern: whole(limitedQueues),
    'apply-to': 'queues',
    definition: limits,
  });
  return {
    createUser: ({ user, password }) => management.put(['users', user], { password, tags: tag }),
    grant: (user, { configure, write, read }) =>
      management.put(['permissions', virtualHost, user], {
        configure: whole(configure),
        write: whole(write),
        read: whole(read),
      }),
    grantTopics: (user, { exchange, write, read }) =>
      management.put(['topic-permissions', virtualHost, user], {
        exchange,
        write: whole(write),
        read: whole(read),
      }),
  };
};

const whole = (pattern: string): string => `^(${pattern})$`;

/** A name as a part of a regular expression. */
export const literal = (name: string): string => name.replaceAll('.', '\\.');
