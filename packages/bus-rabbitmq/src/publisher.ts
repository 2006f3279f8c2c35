import {
  busErrors,
  type Fault,
  maxBodyBytes,
  messageOf,
  type PublishResult,
  type TransportMessage,
} from '@emporium/bus';
import type { ConfirmChannel } from 'amqplib';
import type { Config } from './config.ts';
import { createBatchWrites } from './connection/batch-writes.ts';
import { keepChannel } from './connection/channel.ts';
import type { Connection } from './connection/connection.ts';
import { bufferOf, idOf, propertiesOf, readableId } from './message-format.ts';
import type { Exchange } from './topology/declarations.ts';
import { codeOf } from './topology/declare.ts';
import type { Exchanges } from './topology/exchanges.ts';

/** A message with its way through the broker. */
export interface Routed {
  readonly message: TransportMessage;
  readonly exchange: string;
  readonly routingKey: string;
  /** Refused as unroutable when no queue takes it. */
  readonly mandatory: boolean;
  /** How to declare an exchange that is missing and has no known listeners; without it the message is refused then. */
  readonly declare?: Exchange;
  readonly headers?: Record<string, unknown>;
}

export interface Publisher {
  /** As `Transport.publish`. */
  publish(messages: readonly Routed[]): Promise<PublishResult[]>;
  /** Refuses what comes from now on, answers what is in flight, and ends. */
  close(): Promise<void>;
}

const accepted: PublishResult = { status: 'accepted' };

/** One confirm channel, with as many messages in flight as are published. */
export const createPublisher = (config: Config, connection: Connection, exchanges: Exchanges): Publisher => {
  const { timeoutMs, log } = config;
  const { condition } = connection;
  /** The exchanges that were there, with all that listens to them, when they were last looked at on this channel. */
  const ready = new Set<string>();
  const looking = new Map<string, Promise<boolean>>();
  const repairs = createRepairs();
  const returns = createReturns();
  let writeTogether = () => {};
  let ending: unknown; // why the last channel was lost, if the broker said so
  let inFlight = 0;
  let closed = false;

  const kept = keepChannel<ConfirmChannel>({
    purpose: 'publish',
    connection,
    log,
    open: (model) => model.createConfirmChannel(),
    setUp: async (channel) => {
      writeTogether = createBatchWrites(channel);
      ending = undefined;
      channel.on('error', (error) => {
        ending = error; // comes before the confirms that are lost with it
      });
      channel.on('return', ({ fields: { exchange, routingKey }, properties }) =>
        returns.add({ exchange, routingKey, id: idOf(properties) }),
      );
    },
    onLost: () => {
      ready.clear(); // the removal of one of them may be what ended the channel
      returns.clear();
    },
  });

  const usable = (): ConfirmChannel | undefined =>
    connection.blocked() === undefined ? kept.current() : undefined;

  const away = (cause: unknown): PublishResult =>
    refused(busErrors.broker_away({ broker: 'rabbitmq', cause }));

  const publishSoon = async (messages: readonly Routed[]): Promise<PublishResult[]> => {
    const deadline = Date.now() + timeoutMs;
    const leftMs = () => Math.max(1, deadline - Date.now());
    inFlight += 1;
    try {
      const missing = await findMissing(messages, leftMs);
      const channel = usable() ?? (await condition.until(usable, leftMs()));
      if (channel !== undefined) return await send(channel, messages, missing, leftMs());
      const reason = connection.blocked() ?? connection.reason();
      return messages.map(() => away(reason));
    } catch (error) {
      return messages.map(() => away(error));
    } finally {
      inFlight -= 1;
      if (closed) condition.changed();
    }
  };

  /** Publishing to an exchange that is not there would end the channel, and with it all that is in flight. */
  const findMissing = async (
    messages: readonly Routed[],
    leftMs: () => number,
  ): Promise<ReadonlySet<string>> => {
    const missing = new Set<string>();
    for (const routed of messages) {
      const { exchange } = routed;
      if (ready.has(exchange) || missing.has(exchange)) continue;
      if (!(await lookTogether(routed, leftMs))) missing.add(exchange);
    }
    return missing;
  };

  /** Many publishes ask at one time when a process begins. */
  const lookTogether = (routed: Routed, leftMs: () => number): Promise<boolean> => {
    const { exchange } = routed;
    const begun = looking.get(exchange);
    if (begun !== undefined) return begun;
    const look = lookAt(routed, leftMs).finally(() => looking.delete(exchange));
    looking.set(exchange, look);
    return look;
  };

  const lookAt = async ({ exchange, declare }: Routed, leftMs: () => number): Promise<boolean> => {
    const model = await connection.within(leftMs());
    const isThere = await exchanges.ensure(model, exchange, declare);
    if (isThere && repairs.take(exchange)) await exchanges.repair(model, exchange);
    if (isThere) ready.add(exchange);
    return isThere;
  };

  const onUnroutable = (routed: Routed): PublishResult => {
    if (repairs.ask(routed.exchange)) ready.delete(routed.exchange);
    return unroutable(routed);
  };

  const send = (
    channel: ConfirmChannel,
    messages: readonly Routed[],
    missing: ReadonlySet<string>,
    leftMs: number,
  ): Promise<PublishResult[]> =>
    new Promise((resolve) => {
      const results: PublishResult[] = new Array(messages.length);
      let left = messages.length;
      const settle = (index: number, result: PublishResult): void => {
        if (results[index] !== undefined) return;
        results[index] = result;
        left -= 1;
        if (left === 0) end();
      };
      const end = () => {
        clearTimeout(timer);
        inFlight -= 1;
        if (closed) condition.changed();
        resolve(results);
      };
      const timer = setTimeout(() => {
        const late = away(`no confirm within ${timeoutMs} ms`);
        messages.forEach((_, index) => settle(index, late));
      }, leftMs);
      inFlight += 1;
      messages.forEach((routed, index) => {
        if (missing.has(routed.exchange)) settle(index, unroutable(routed));
        else sendOne(channel, routed, (result) => settle(index, result));
      });
    });

  const sendOne = (
    channel: ConfirmChannel,
    routed: Routed,
    settle: (result: PublishResult) => void,
  ): void => {
    const { message, exchange, routingKey, mandatory, headers } = routed;
    const { id, type, body } = message;
    if (body.byteLength > maxBodyBytes) {
      return settle(
        refused(busErrors.message_too_big({ type, bytes: body.byteLength, limit: maxBodyBytes })),
      );
    }
    const confirmed = (error: unknown): void => {
      if (mandatory && returns.take({ exchange, routingKey, id })) settle(onUnroutable(routed));
      else if (!error) settle(accepted);
      else if (isNack(error)) settle(refused(busErrors.refused({ type, cause: error })));
      else if (isMissing(ending, exchange)) settle(unroutable(routed));
      else if (forbids(ending, exchange)) settle(refused(busErrors.refused({ type, cause: ending })));
      else settle(away(ending ?? error));
    };
    try {
      channel.publish(
        exchange,
        routingKey,
        bufferOf(body),
        propertiesOf(message, mandatory, headers),
        confirmed,
      );
      writeTogether();
    } catch (cause) {
      // The channel has just been lost, or a name is too long for the protocol.
      settle(kept.current() === channel ? refused(busErrors.refused({ type, cause })) : away(cause));
    }
  };

  return {
    publish: (messages) => {
      if (closed) return Promise.resolve(messages.map(() => refused(busErrors.closed())));
      if (messages.length === 0) return Promise.resolve([]);
      const channel = usable();
      const isReady = channel !== undefined && messages.every(({ exchange }) => ready.has(exchange));
      return isReady ? send(channel, messages, none, timeoutMs) : publishSoon(messages);
    },
    close: async () => {
      closed = true;
      await condition.until(() => (inFlight === 0 ? true : undefined), timeoutMs);
      await kept.close();
    },
  };
};

const none: ReadonlySet<string> = new Set();

const refused = (error: Fault): PublishResult => ({ status: 'refused', error });

const unroutable = ({ message, exchange, routingKey }: Routed): PublishResult =>
  refused(busErrors.unroutable({ type: message.type, exchange, routingKey }));

/** Whether the broker refused the message; any other error of a confirm is about the channel. */
const isNack = (error: unknown): boolean => error instanceof Error && error.message === 'message nacked';

/** Whether the channel went because this user may not publish there; what was in flight to other exchanges is innocent. */
const forbids = (error: unknown, exchange: string): boolean =>
  codeOf(error) === 403 && messageOf(error).includes(`exchange '${exchange}'`);

/** Whether the channel went because the exchange is not there any more; here too the others are innocent. */
const isMissing = (error: unknown, exchange: string): boolean =>
  codeOf(error) === 404 && messageOf(error).includes(`exchange '${exchange}'`);

/** Declaring again what listens to an exchange that routes to nobody: the queues may be gone for a moment or for good. */
const repairEveryMs = 5_000;

const createRepairs = () => {
  const wanted = new Set<string>();
  const last = new Map<string, number>();
  return {
    /** Whether it is time for one: then the next look at the exchange is to take it. */
    ask: (exchange: string): boolean => {
      if (Date.now() - (last.get(exchange) ?? -Infinity) < repairEveryMs) return false;
      last.set(exchange, Date.now());
      wanted.add(exchange);
      return true;
    },
    take: (exchange: string): boolean => wanted.delete(exchange),
  };
};

/** What came back as unroutable; the broker says so before it confirms. The same message may be in flight twice. */
const createReturns = () => {
  const counts = new Map<string, number>();
  return {
    add: (returned: Returned): void => {
      counts.set(nameOf(returned), (counts.get(nameOf(returned)) ?? 0) + 1);
    },
    take: (sent: Returned): boolean => {
      if (counts.size === 0) return false;
      const name = nameOf(sent);
      const count = counts.get(name) ?? 0;
      if (count > 1) counts.set(name, count - 1);
      else counts.delete(name);
      return count > 0;
    },
    clear: (): void => counts.clear(),
  };
};

interface Returned {
  readonly exchange: string;
  readonly routingKey: string;
  readonly id: string;
}

/** The id as the broker returns it: the protocol changes what is not text. */
const nameOf = ({ exchange, routingKey, id }: Returned): string =>
  JSON.stringify([exchange, routingKey, readableId(id)]);
