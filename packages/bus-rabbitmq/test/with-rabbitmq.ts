import type { Log, OutgoingMessage, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import {
  createRegistry,
  type Registry,
  type ServiceName,
  type Subscription,
  subscription,
  userRegistered,
} from '@emporium/contracts';
import { type RabbitmqServer, startRabbitmq } from '@emporium/servers';
import { type ConfirmChannel, connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { createRabbitmqTransport, type RabbitmqOptions } from '../src/index.ts';
import { queuesOf } from '../src/names.ts';

/**
 * A RabbitMQ of this file's own, and what its tests do with it. Everything that they opened is closed after each, and their
 * subscriptions listen no more.
 */
export const withRabbitmq = (options: { readonly management?: boolean } = {}) => {
  const opened: Transport[] = [];
  let server: RabbitmqServer;

  /** As an administrator, or a third party. */
  const withChannel = async <T>(work: (channel: ConfirmChannel) => Promise<T> | T): Promise<T> => {
    const connection = await connect(server.url);
    connection.on('error', () => {}); // the channel's comes first
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {}); // the call that caused it rejects with it
    try {
      const result = await work(channel);
      await channel.waitForConfirms();
      return result;
    } finally {
      await channel.close().catch(() => {}); // the broker may have closed it
      await connection.close();
    }
  };

  beforeAll(async () => {
    server = await startRabbitmq(options);
  }, 120_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
    await withChannel(async (channel) => {
      for (const name of made.splice(0).flatMap(queuesOf)) await channel.deleteQueue(name);
    });
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);

  return {
    server: () => server,

    open: (more: Partial<RabbitmqOptions> = {}): Transport => {
      const transport = createRabbitmqTransport({ url: server.url, timeoutMs: 3_000, ...more });
      opened.push(transport);
      return transport;
    },

    /** A user who may read and write everything and declare nothing. */
    lesserUser: async (name: string): Promise<string> => {
      await server.ctl('add_user', name, 'secret');
      await server.ctl('set_permissions', name, '^$', '.*', '.*');
      return server.url.replace('emporium:emporium@', `${name}:secret@`);
    },

    withChannel,
  };
};

export const exchange = `${userRegistered.owner}.events`;

let number = 0;
const made: Subscription[] = [];

export const aSubscription = (
  options: { ordered?: boolean; service?: ServiceName; attempts?: number } = {},
) => {
  const { ordered = false, service = 'email', attempts = 5 } = options;
  number += 1;
  const retry = { attempts, firstDelayMs: 50, maxDelayMs: 500 };
  const one = subscription(`${service}.test-${number}`, { to: [userRegistered], ordered, retry });
  made.push(one);
  return one;
};

export const registryOf = (...subscriptions: Subscription[]): Registry =>
  createRegistry({ contracts: [userRegistered], subscriptions });

/** An event that registered subscriptions listen to. */
export const anEvent = (id: string, { key = id, body = id }: { key?: string; body?: string } = {}) => {
  const { kind, owner, type } = userRegistered;
  return { id, key, kind, owner, type, body: Buffer.from(body), mandatory: true } satisfies OutgoingMessage;
};

/** What came, and the deliveries' end: an ack by default. */
export const collect = async (
  transport: Transport,
  from: Subscription,
  settle: (delivery: Delivery) => Promise<void> = (delivery) => delivery.ack(),
) => {
  const came: Delivery[] = [];
  const consumer = await transport.subscribe(
    from,
    (delivery) => {
      came.push(delivery);
      return settle(delivery);
    },
    { concurrency: 10 },
  );
  return { came, consumer, ids: () => came.map(({ id }) => id) };
};

/** Publishes a message every few milliseconds until it is stopped; a relay would publish again what was refused. */
export const publishing = (transport: Transport, prefix: string) => {
  const accepted: { id: string; at: number }[] = [];
  const refusals = new Map<string, number>();
  let stopped = false;
  const work = (async () => {
    for (let round = 0; !stopped; round += 1) {
      const id = `${prefix}-${round}`;
      const [result] = await transport.publish([anEvent(id)]);
      if (result?.status === 'accepted') accepted.push({ id, at: performance.now() });
      else if (result !== undefined) {
        refusals.set(result.error.code, (refusals.get(result.error.code) ?? 0) + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return {
    accepted,
    refusals,
    acceptedAfter: (at: number) => accepted.filter((one) => one.at > at).map(({ id }) => id),
    stop: async () => {
      stopped = true;
      await work;
    },
  };
};

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

export const createLog = (): { log: Log; lines: LogLine[] } => {
  const lines: LogLine[] = [];
  const note = (level: LogLine['level']) => (facts: object | string, text?: string) =>
    void lines.push({ level, text: `${JSON.stringify(facts)} ${text}` });
  return { lines, log: { info: note('info'), warn: note('warn'), error: note('error') } };
};

export const until = (assertion: () => void | Promise<void>, timeout = 20_000) =>
  vi.waitFor(assertion, { timeout, interval: 20 });
