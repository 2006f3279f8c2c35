import { type BrokerUser, literal, openVirtualHost, type VirtualHostOptions } from './virtual-host.ts';

export interface ThirdPartyAccessOptions extends VirtualHostOptions {
  /** The queues that third parties write. What is refused of each is in an exchange and a queue named `<queue>.dead-letters`. */
  readonly queues: readonly string[];
  readonly thirdParty: BrokerUser;
  /** The user that consumes the queues; it exists already. */
  readonly reader: string;
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
  ...options
}: ThirdPartyAccessOptions): Promise<void> => {
  const names = queues.map(literal).join('|');
  const deadLetters = `(${names})\\.dead-letters`;
  const all = `(${names})(\\.dead-letters)?`;
  const virtualHost = await openVirtualHost(options, all);
  await virtualHost.createUser(thirdParty);
  await virtualHost.grant(thirdParty.user, {
    configure: names,
    write: `${names}|amq\\.default`,
    read: deadLetters,
  });
  await virtualHost.grant(reader, { configure: all, write: deadLetters, read: all });
};
