import type { BrokerSource } from '@emporium/bus-testing';
import { createDatabase, ownServerFor } from '@emporium/servers';

const { available, title, start } = await ownServerFor('postgres');

/** A PostgreSQL of the suite's own, because it stops it. */
export const postgresBroker: BrokerSource = {
  available,
  title,
  start: async () => {
    const server = await start();
    const url = await createDatabase(server.url, 'broker', { name: 'bus', password: 'bus' });
    return { url, server, stop: server.stop };
  },
};
