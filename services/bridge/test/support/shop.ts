import { createMessages, decode, newContext } from '@emporium/bus';
import {
  type Contract,
  type Input,
  type ServiceName,
  shop,
  welcomeMailFailed,
  welcomeMailSent,
} from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createLog, createTransport } from '@emporium/service';
import { type Bridge, startBridge } from './bridge-process.ts';

const log = createLog({ service: 'test', level: 'silent' });

/** The bridge's databases and broker on one PostgreSQL, with the other services played by a test. */
export const openShop = async (postgresUrl: string, env: Readonly<Record<string, string>>) => {
  const [database, bus] = await Promise.all([freshDatabase(postgresUrl), freshDatabase(postgresUrl)]);
  const transport = await createTransport({ url: bus.url, service: 'test', log });
  await transport.topology(shop).apply();
  const bridges: Bridge[] = [];
  const commands: Record<string, unknown>[] = [];
  /** Ids of messages: after a crash the relay publishes some again, which the inbox of a service drops. */
  const known = new Set<string>();

  const publish = async <C extends Contract>(owner: ServiceName, contract: C, data: Input<C>) => {
    const results = await transport.publish(createMessages(owner, contract, data, newContext()));
    if (results.some(({ status }) => status !== 'accepted')) throw new Error('not accepted');
  };
  /** What the email service does with each mail, if it is running. */
  const answerMail = async ({ requestId, email }: Record<string, unknown>) => {
    if (typeof requestId !== 'string' || isMailAway) return;
    if (!String(email).startsWith('refused')) return publish('email', welcomeMailSent, { requestId });
    await publish('email', welcomeMailFailed, { requestId, reason: 'the mail server refused the address' });
  };
  let isMailAway = false;

  const collect = async (name: string) => {
    const subscription = shop.subscription(name);
    if (subscription === undefined) throw new Error(`${name} is not registered`);
    return transport.subscribe(
      subscription,
      async (delivery) => {
        const data = decode(delivery.body).data as Record<string, unknown>; // our contracts are objects
        if (!known.has(delivery.id)) commands.push(data);
        known.add(delivery.id);
        await delivery.ack();
        await answerMail(data);
      },
      { concurrency: 100 },
    );
  };
  const consumers = await Promise.all(['user-registration.commands', 'email.commands'].map(collect));

  return {
    /** The data of the commands that the bridge has published, in the order of their arrival. */
    commands,
    databaseUrl: database.url,
    startBridge: async (more: Readonly<Record<string, string>> = {}) => {
      const bridge = await startBridge({ DATABASE_URL: database.url, BUS_URL: bus.url, ...env, ...more });
      bridges.push(bridge);
      return bridge;
    },
    /** From now on mails are neither sent nor refused. */
    stopMails: () => {
      isMailAway = true;
    },
    /** The email service says that it has sent this mail. */
    sendMail: (requestId: string) => publish('email', welcomeMailSent, { requestId }),
    close: async () => {
      await Promise.all(bridges.map((bridge) => bridge.stop()));
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await transport.close();
      await Promise.all([database.drop(), bus.drop()]);
    },
  };
};

export type Shop = Awaited<ReturnType<typeof openShop>>;
