import type { BrokerSource } from '@emporium/bus-testing';
import { canStart, startRabbitmq } from '@emporium/servers';

/** A RabbitMQ of its own, because the suite restarts it; the one of `RABBITMQ_URL`, where given, is not ours to stop. */
export const rabbitmqBroker = async (): Promise<BrokerSource> => {
  const given = process.env['RABBITMQ_URL'];
  if (given) return { start: async () => ({ url: given, stop: async () => {} }) };
  const local = await canStart('rabbitmq');
  return { ...(local.available ? {} : { missing: local.title('').trim() }), start };
};

const start = async () => {
  const server = await startRabbitmq();
  return { url: server.url, server, stop: server.stop };
};
