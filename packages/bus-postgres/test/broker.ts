import type { BrokerSource, RunningBroker } from '@emporium/bus-testing';
import { createDatabase, ownServerFor } from '@emporium/servers';
import pg from 'pg';

const { available, title, start } = await ownServerFor('postgres');

/** A PostgreSQL of the suite's own, because it stops it. */
export const postgresBroker: BrokerSource = {
  available,
  title,
  start: async () => {
    const server = await start();
    const url = await createDatabase(server.url, 'broker', { name: 'bus', password: 'bus' });
    return { url, server, ...thirdParty(url), stop: server.stop };
  },
};

const thirdParty = (url: string): Pick<RunningBroker, 'inject' | 'wipe'> => ({
  // There are no headers: the closest thing is the column of a dead letter's facts.
  inject: ({ subscription, contract, headers, body }) =>
    asking(url, async (client) => {
      const facts = Object.fromEntries(
        headers.map(({ header, value }) => [header, value instanceof Uint8Array ? [...value] : value]),
      );
      const letter = JSON.stringify(facts).replaceAll('\\u0000', ' ');
      await client.query(
        `insert into bus.message (subscription_id, partition, message_id, type, key, body, letter)
          select id, case when ordered then 3 else 0 end, '', $2, '', $3, $4::jsonb from bus.subscription where name = $1`,
        [subscription.name, contract.type, Buffer.from(body), letter],
      );
    }),
  wipe: () => asking(url, async (client) => void (await client.query('drop schema if exists bus cascade'))),
});

const asking = async (url: string, work: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};
