import type { BrokerSource } from '@emporium/bus-testing';
import { canStart, serverFor, startRabbitmq } from '@emporium/servers';

/** A RabbitMQ of the suite's own, because it stops it. */
const ourOwn = async (): Promise<BrokerSource> => ({
  ...(await canStart('rabbitmq')),
  start: async () => {
    const server = await startRabbitmq();
    return { url: server.url, server, stop: server.stop };
  },
});

/** The one of RABBITMQ_URL, another release perhaps, which is not ours to stop. */
const given = async (): Promise<BrokerSource> => {
  const { available, title, url } = await serverFor('rabbitmq');
  return { available, title, start: async () => ({ url, stop: async () => {} }) };
};

export const rabbitmqBroker = await (process.env['RABBITMQ_URL'] ? given() : ourOwn());
