import { type BrokerUser, literal, openVirtualHost, type VirtualHostOptions } from './virtual-host.ts';

export interface MailboxAccessOptions extends VirtualHostOptions {
  /** The names of its queues begin with that of the exchange and a dot. */
  readonly exchange: string;
  /** The third party, which reads the queues. */
  readonly owner: BrokerUser;
  /** The user that declares and writes the exchange and its queues; it exists already. */
  readonly writer: string;
}

/**
 * Creates the virtual host in which a third party reads what is written for it, and its user, who may do nothing else. Nobody else may
 * write there: what is in the queues is from the shop. Safe to repeat, also while they are connected.
 */
export const applyMailboxAccess = async ({
  exchange,
  owner,
  writer,
  ...options
}: MailboxAccessOptions): Promise<void> => {
  const name = literal(exchange);
  const queues = `${name}\\..+`;
  const all = `${name}|${queues}`;
  const virtualHost = await openVirtualHost(options, queues);
  await virtualHost.createUser(owner);
  await virtualHost.grant(owner.user, { configure: '', write: '', read: queues });
  await virtualHost.grant(writer, { configure: all, write: all, read: all });
};
