import type { BrokerSource } from '@emporium/bus-testing';
import { ownServerFor, serverFor } from '@emporium/servers';

/** A Kafka of the suite's own, because it stops it. */
const ourOwn = async (): Promise<BrokerSource> => {
  const { available, title, start } = await ownServerFor('kafka');
  return {
    available,
    title,
    start: async () => {
      const server = await start();
      return { url: server.url, server, stop: server.stop };
    },
  };
};

/** The one of KAFKA_URL, which is not ours to stop. */
const given = async (): Promise<BrokerSource> => {
  const { available, title, url } = await serverFor('kafka');
  return { available, title, start: async () => ({ url, stop: async () => {} }) };
};

export const kafkaBroker = await (process.env['KAFKA_URL'] ? given() : ourOwn());
