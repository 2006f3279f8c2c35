import type { BrokerSource } from '@emporium/bus-testing';
import { canStart, startPostgres } from '@emporium/servers';

/** A PostgreSQL of the suite's own, because it stops it. */
export const postgresBroker: BrokerSource = {
  ...(await canStart('postgres')),
  start: async () => {
    const server = await startPostgres();
    const url = await server.createDatabase('broker', { name: 'bus', password: 'bus' });
    return { url, server, stop: server.stop };
  },
};
