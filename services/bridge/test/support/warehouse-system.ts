import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { OutgoingMessage, Transport } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createLog, createTransport } from '@emporium/service';
import { connect, type GetMessage } from 'amqplib';
import { warehouse } from '../../src/warehouse/topology.ts';

const main = fileURLToPath(new URL('./warehouse-main.ts', import.meta.url));
const log = createLog({ service: 'test', level: 'silent' });

/** The bus of the shop, on PostgreSQL, and processes of the bridge that send to a warehouse on the RabbitMQ at `amqpUrl`. */
export const openSystem = async (postgresUrl: string, amqpUrl: string) => {
  const [database, bus] = await Promise.all([freshDatabase(postgresUrl), freshDatabase(postgresUrl)]);
  const transport: Transport = await createTransport({ url: bus.url, service: 'test', log });
  await transport.topology(shop).apply();
  const children: ChildProcess[] = [];

  const kill = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  return {
    /** Starts a process of the bridge; returns a function that sends it SIGKILL. */
    start: async (url = amqpUrl): Promise<() => Promise<void>> => {
      const child = fork(main, [database.url, bus.url, url]);
      children.push(child);
      await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(() => Promise.reject(new Error('the bridge did not start'))),
      ]);
      return () => kill(child);
    },
    publish: async (messages: readonly OutgoingMessage[]): Promise<void> => {
      for (const result of await transport.publish(messages))
        if (result.status === 'refused') throw result.error;
    },
    /** The subscriptions of the dead letters there are by now. */
    deadLetters: async (): Promise<string[]> => {
      const seen: string[] = [];
      const consumer = await transport.consumeDeadLetters(async ({ subscription }) => {
        seen.push(subscription);
      });
      await sleep(300);
      await consumer.stop();
      return seen;
    },
    close: async () => {
      await Promise.all(children.map(kill));
      await transport.close();
      await Promise.all([database.drop(), bus.drop()]);
    },
  };
};

/** Takes and acknowledges what is in the warehouse's queue, until it has messages with all of these ids. */
export const takeAll = async (
  url: string,
  ids: readonly string[],
  timeoutMs = 40_000,
): Promise<GetMessage[]> => {
  const missing = new Set(ids);
  const taken: GetMessage[] = [];
  for (const until = Date.now() + timeoutMs; missing.size > 0; ) {
    if (Date.now() > until) throw new Error(`${missing.size} of ${ids.length} orders did not arrive`);
    for (const message of await takeAvailable(url).catch(() => [])) {
      taken.push(message);
      missing.delete(String(message.properties.messageId));
    }
    await sleep(100);
  }
  return taken;
};

/** Rejects when the broker is away or the queue is missing. */
const takeAvailable = async (url: string): Promise<GetMessage[]> => {
  const connection = await connect(url);
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    const taken: GetMessage[] = [];
    for (
      let message = await channel.get(warehouse.mailbox);
      message !== false;
      message = await channel.get(warehouse.mailbox)
    ) {
      taken.push(message);
      channel.ack(message);
    }
    await channel.close();
    return taken;
  } finally {
    await connection.close().catch(() => undefined);
  }
};
