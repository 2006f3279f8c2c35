import { busErrors, messageOf } from '@emporium/bus';
import { atMost } from '@emporium/bus/transport';
import { type ChannelModel, connect } from 'amqplib';
import type { Config } from '../config.ts';
import { type Condition, createCondition } from './condition.ts';

/** A connection that is dialled again whenever it is lost, until it is closed. Channels die with each loss. */
export interface Connection {
  /** What is connected now. */
  current(): ChannelModel | undefined;
  /** What is connected, if need be soon; throws `bus.broker_away` after `ms`, or as soon as the broker refuses the user or virtual host. */
  within(ms: number): Promise<ChannelModel>;
  /** Why it is not connected. */
  reason(): string;
  /** Why the broker takes no publishes although it is connected (memory or disk alarm). */
  blocked(): string | undefined;
  /** Calls back after every change of the above, until the function that it returns is called. */
  onChange(listener: () => void): () => void;
  readonly condition: Condition;
  close(): Promise<void>;
}

/** How long a broker that does not answer may delay `close`. */
const closeTimeoutMs = 2_000;

export const openConnection = (
  { url, timeoutMs, connectionName, log }: Config,
  purpose: string,
): Connection => {
  const condition = createCondition();
  const listeners = new Set([condition.changed]);
  let model: ChannelModel | undefined;
  let reason = 'connecting';
  let blocked: string | undefined;
  let closed = false;

  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  const lost = (error: Error) => {
    if (model !== undefined) log.warn({ connection: purpose }, `RabbitMQ is away: ${messageOf(error)}`);
    model = undefined;
    blocked = undefined;
    reason = messageOf(error);
    changed();
  };

  const recovering = connect(url, {
    noDelay: true,
    timeout: timeoutMs,
    clientProperties: { connection_name: `${connectionName} (${purpose})` },
    recovery: { waitForConnect: false, initialDelay: 100, maxDelay: 2_000, factor: 2, jitter: 0.3 },
  }).then((connection) => {
    connection.on('connect', (connected: ChannelModel) => {
      log.info({ connection: purpose }, 'connected to RabbitMQ');
      model = connected;
      reason = '';
      blocked = undefined;
      changed();
    });
    connection.on('disconnect', lost);
    connection.on('connect-failed', lost);
    connection.on('blocked', (why: string) => {
      log.warn({ connection: purpose }, `RabbitMQ takes no publishes: ${why}`);
      blocked = why;
      changed();
    });
    connection.on('unblocked', () => {
      blocked = undefined;
      changed();
    });
    // A loss is handled by `disconnect`; it also covers a close by an operator, which raises no error.
    connection.on('error', () => {});
    return connection;
  });

  return {
    current: () => model,
    within: async (ms) => {
      const found = await condition.until(() => (closed || isRefusal(reason) ? null : model), ms);
      if (closed) throw busErrors.closed();
      if (found === undefined || found === null) throw busErrors.broker_away({ broker: 'rabbitmq', reason });
      return found;
    },
    reason: () => reason,
    blocked: () => blocked,
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    condition,
    close: async () => {
      closed = true;
      reason = 'closed';
      await atMost(
        closeTimeoutMs,
        recovering.then((connection) => connection.close()),
      );
      model = undefined;
      changed();
    },
  };
};

/** The broker answers, and does not let this user in: 403 for the password, 530 for the virtual host. */
const isRefusal = (reason: string): boolean => /ACCESS.REFUSED|NOT.ALLOWED/.test(reason);
