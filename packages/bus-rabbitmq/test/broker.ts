import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerSource } from '@emporium/bus-testing';
import { ownServerFor, serverFor } from '@emporium/servers';
import { injectInto } from './inject.ts';
import { wipeRecorded } from './wipe.ts';

/** RabbitMQ 3.10 may lose a queue that it declared less than a second before it is killed; the README says so. */
const newQueueMs = 1_500;

/** A RabbitMQ of the suite's own, because it stops it. */
const ourOwn = async (): Promise<BrokerSource> => {
  const { available, title, start } = await ownServerFor('rabbitmq');
  return {
    available,
    title,
    start: async () => {
      const server = await start();
      const kill = async () => {
        await sleep(newQueueMs);
        await server.kill();
      };
      return {
        url: server.url,
        server: { ...server, kill },
        inject: injectInto(server.url),
        wipe: server.wipe ?? (() => wipeRecorded(server.url)),
        stop: server.stop,
      };
    },
  };
};

/** The one of RABBITMQ_URL, another release perhaps, which is not ours to stop. */
const given = async (): Promise<BrokerSource> => {
  const { available, title, url } = await serverFor('rabbitmq');
  return {
    available,
    title,
    start: async () => ({
      url,
      inject: injectInto(url),
      wipe: () => wipeRecorded(url),
      stop: async () => {},
    }),
  };
};

export const rabbitmqBroker = await (process.env['RABBITMQ_URL'] ? given() : ourOwn());
