import type { BrokerSource } from '@emporium/bus-testing';
import { ownServerFor, serverFor } from '@emporium/servers';

/** A Redis of the suite's own, because it stops it. */
const ourOwn = async (): Promise<BrokerSource> => {
  const { available, title, start } = await ownServerFor('redis');
  return {
    available,
    title,
    start: async () => {
      const server = await start();
      return { url: server.url, server, stop: server.stop };
    },
  };
};

/** The one of REDIS_URL, another release perhaps, which is not ours to stop. */
const given = async (): Promise<BrokerSource> => {
  const { available, title, url } = await serverFor('redis');
  return { available, title, start: async () => ({ url, stop: async () => {} }) };
};

export const redisBroker = await (process.env['REDIS_URL'] ? given() : ourOwn());
