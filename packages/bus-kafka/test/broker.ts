import type { BrokerSource, RunningBroker } from '@emporium/bus-testing';
import { ownServerFor, serverFor } from '@emporium/servers';
import { Kafka, logLevel } from 'kafkajs';
import { topicOfContract } from '../src/names.ts';

type InjectedMessage = Parameters<RunningBroker['inject']>[0];

const client = (url: string): Kafka =>
  new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING });

/** As any client would write it. */
const inject = async (url: string, { contract, headers, body }: InjectedMessage): Promise<void> => {
  const producer = client(url).producer();
  await producer.connect();
  const theirs = Object.fromEntries(headers.map(({ header, value }) => [header, headerOf(value)]));
  await producer.send({
    topic: topicOfContract(contract),
    // kafkajs's types leave out null, which the protocol has.
    messages: [{ key: 'k', value: Buffer.from(body), headers: theirs as Record<string, string> }],
  });
  await producer.disconnect();
};

const headerOf = (value: InjectedMessage['headers'][number]['value']) => {
  if (value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  return typeof value === 'object' ? [...value] : String(value);
};

/** Deletes every topic but those of Kafka itself; what groups had committed goes with them. */
const wipe = async (url: string): Promise<void> => {
  const admin = client(url).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  await admin.deleteTopics({ topics });
  await admin.disconnect();
};

/** A Kafka of the suite's own, because it stops it. */
const ourOwn = async (): Promise<BrokerSource> => {
  const { available, title, start } = await ownServerFor('kafka');
  return {
    available,
    title,
    start: async () => {
      const server = await start();
      return { url: server.url, server, ...methods(server.url), stop: server.stop };
    },
  };
};

/** The one of KAFKA_URL, which is not ours to stop. */
const given = async (): Promise<BrokerSource> => {
  const { available, title, url } = await serverFor('kafka');
  return { available, title, start: async () => ({ url, ...methods(url), stop: async () => {} }) };
};

const methods = (url: string) => ({
  inject: (message: InjectedMessage) => inject(url, message),
  wipe: () => wipe(url),
});

export const kafkaBroker = await (process.env['KAFKA_URL'] ? given() : ourOwn());
