import { type Log, messageOf } from '@emporium/bus';
import { type ChannelModel, connect } from 'amqplib';
import { withHeartbeat } from './heartbeat.ts';

/** A connection to the RabbitMQ of other systems, which is dialled again whenever it is lost. Channels end with each loss. */
export interface RabbitmqConnection {
  /** What is connected now; its channels can be opened. */
  current(): ChannelModel | undefined;
  /** Why the broker takes no messages: it is disconnected, or has an alarm (memory or disk). Undefined while it does. */
  trouble(): string | undefined;
  /** Calls back after each connect, and at once when it is connected. Returns a function that removes the listener. */
  onConnect(listener: (model: ChannelModel) => void): () => void;
  close(): Promise<void>;
}

export interface RabbitmqOptions {
  /** `amqp:` or `amqps:` */
  readonly url: string;
  /** The connection's name on the broker. */
  readonly name: string;
  readonly log: Log;
}

const connectTimeoutMs = 10_000;

/** Returns at once, and connects in the background. Each new reason for not being connected is logged once. */
export const connectRabbitmq = ({ url, name, log }: RabbitmqOptions): RabbitmqConnection => {
  const listeners = new Set<(model: ChannelModel) => void>();
  let model: ChannelModel | undefined;
  let trouble: string | undefined = 'connecting';
  let logged: string | undefined;

  const lost = (error: Error): void => {
    model = undefined;
    trouble = messageOf(error);
    if (trouble !== logged) log.warn({ connection: name }, `RabbitMQ is away: ${trouble}`);
    logged = trouble;
  };

  const connecting = connect(withHeartbeat(url), {
    noDelay: true, // a confirm would take 40 ms without it
    timeout: connectTimeoutMs,
    clientProperties: { connection_name: name },
    recovery: { waitForConnect: false, initialDelay: 100, maxDelay: 2_000, factor: 2, jitter: 0.3 },
  }).then((connection) => {
    connection.on('connect', (connected: ChannelModel) => {
      model = connected;
      trouble = undefined;
      logged = undefined;
      log.info({ connection: name }, 'connected to RabbitMQ');
      for (const listener of listeners) listener(connected);
    });
    connection.on('disconnect', lost);
    connection.on('connect-failed', lost);
    connection.on('blocked', (reason: string) => {
      trouble = `blocked: ${reason}`;
    });
    connection.on('unblocked', () => {
      trouble = undefined;
    });
    connection.on('error', () => undefined); // `disconnect` follows, also after a close by an operator
    return connection;
  });

  return {
    current: () => model,
    trouble: () => trouble,
    onConnect: (listener) => {
      listeners.add(listener);
      if (model !== undefined) listener(model);
      return () => void listeners.delete(listener);
    },
    close: async () => {
      const connection = await connecting;
      trouble = 'closed';
      await connection.close().catch(() => undefined); // it may be lost already
      model = undefined;
    },
  };
};
