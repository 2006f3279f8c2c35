import { messageOf, type QueueFigures, settlementOf, type Transport } from '@emporium/bus';
import { type Registry, shop } from '@emporium/contracts';
import { type Log, type ServiceContext, sharedFor } from '@emporium/service';

/** What waits on one broker, or why that cannot be read. */
export type BrokerFigures =
  | { readonly name: string; readonly up: true; readonly queues: readonly QueueFigures[] }
  | { readonly name: string; readonly up: false; readonly problem: string };

/** However many scrapes and requests there are, each broker is asked once in this time. */
const keptMs = 2_000;

/** Reads the queues of both brokers: one, where they are the same. Never rejects; takes a second at most. */
export const createBrokerReader = <DB>({
  transport,
  stream,
  log,
}: Pick<ServiceContext<DB>, 'transport' | 'stream' | 'log'>): (() => Promise<readonly BrokerFigures[]>) => {
  const readers =
    transport === stream
      ? [readerOf(transport, shop, log)]
      : [readerOf(transport, shop.on('bus'), log), readerOf(stream, shop.on('stream'), log)];
  return sharedFor(keptMs, () => Promise.all(readers.map((read) => read())));
};

const readerOf = (transport: Transport, registry: Registry, log: Log): (() => Promise<BrokerFigures>) => {
  const { name } = transport;
  let logged: string | undefined;
  return async () => {
    try {
      const queues = await transport.queues(registry);
      logged = undefined;
      return { name, up: true, queues };
    } catch (error) {
      const problem = messageOf(error);
      // The transport logs that its broker is away.
      if (settlementOf(error) !== 'pause' && problem !== logged)
        log.warn(`the queues of ${name} cannot be read: ${problem}`);
      logged = problem;
      return { name, up: false, problem };
    }
  };
};
