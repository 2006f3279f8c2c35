import type { BrokerSource, InjectedMessage, RunningBroker } from '@emporium/bus-testing';
import { ownServerFor, serverFor } from '@emporium/servers';
import { Redis } from 'ioredis';

/** A Redis of the suite's own, because it stops it. */
const ourOwn = async (): Promise<BrokerSource> => {
  const { available, title, start } = await ownServerFor('redis');
  return {
    available,
    title,
    start: async () => {
      const server = await start();
      return { url: server.url, server, ...thirdParty(server.url), stop: server.stop };
    },
  };
};

/** The one of REDIS_URL, another release perhaps, which is not ours to stop. */
const given = async (): Promise<BrokerSource> => {
  const { available, title, url } = await serverFor('redis');
  return { available, title, start: async () => ({ url, ...thirdParty(url), stop: async () => {} }) };
};

const thirdParty = (url: string): Pick<RunningBroker, 'inject' | 'wipe'> => ({
  inject: ({ subscription, headers, body }) =>
    asking(url, async (redis) => {
      const queue = `bus:queue:${subscription.name}${subscription.ordered ? ':3' : ''}`;
      await redis.xadd(queue, '*', ...headers.flatMap(fieldOf), 'body', Buffer.from(body));
    }),
  wipe: () => asking(url, async (redis) => void (await redis.flushdb())),
});

const fieldOf = ({ header, value }: InjectedMessage['headers'][number]): [string, string | Buffer] => [
  header,
  value instanceof Uint8Array ? Buffer.from(value) : String(value),
];

const asking = async (url: string, work: (redis: Redis) => Promise<void>): Promise<void> => {
  const redis = new Redis(url);
  try {
    await work(redis);
  } finally {
    redis.disconnect();
  }
};

export const redisBroker = await (process.env['REDIS_URL'] ? given() : ourOwn());
