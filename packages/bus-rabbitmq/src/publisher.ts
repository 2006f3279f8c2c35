import {
  busErrors,
  type Fault,
  maxBodyBytes,
  messageOf,
  type PublishResult,
  type TransportMessage,
} from '@emporium/bus';
import type { ConfirmChannel } from 'amqplib';
import { keepChannel } from './channel.ts';
import type { Config } from './config.ts';
import type { Connection } from './connection.ts';
import { codeOf, exchangeExists } from './declare.ts';
import { bufferOf, idOf, propertiesOf } from './message-format.ts';
import { createWriteTogether } from './write-together.ts';

/** A message with its way through the broker. */
export interface Routed {
  readonly message: TransportMessage;
  readonly exchange: string;
  readonly routingKey: string;
  /** Refused as unroutable when no queue takes it. */
  readonly mandatory: boolean;
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
export const createPublisher = (config: Config, connection: Connection): Publisher => {
  const { timeoutMs, log } = config;
  const { condition } = connection;
  const exchanges = new Set<string>();
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
      writeTogether = createWriteTogether(channel);
      ending = undefined;
      channel.on('error', (error) => {
        ending = error; // comes before the confirms that are lost with it
      });
      channel.on('return', ({ fields, properties }) => returns.add(fields.routingKey, idOf(properties)));
    },
    onLost: () => {
      exchanges.clear(); // the removal of one of them may be what ended the channel
      returns.clear();
    },
  });

  const usable = (): ConfirmChannel | undefined =>
    connection.blocked() === undefined ? kept.current() : undefined;

  const away = (cause: unknown): PublishResult =>
    refused(busErrors.broker_away({ broker: 'rabbitmq', cause }));

  const publishSoon = async (messages: readonly Routed[]): Promise<PublishResult[]> => {
    const deadline = Date.now() + timeoutMs;
    inFlight += 1;
    try {
      const missing = await findMissing(messages, deadline);
      const channel = usable() ?? (await condition.until(usable, deadline - Date.now()));
      if (channel !== undefined) return await send(channel, messages, missing, deadline - Date.now());
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
  const findMissing = async (messages: readonly Routed[], deadline: number): Promise<ReadonlySet<string>> => {
    const missing = new Set<string>();
    for (const { exchange } of messages) {
      if (exchanges.has(exchange) || missing.has(exchange)) continue;
      const found = await exchangeExists(await connection.within(deadline - Date.now()), exchange);
      (found ? exchanges : missing).add(exchange);
    }
    return missing;
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
        // An exchange comes to be with the first subscription: without it nobody listens, which an event may face.
        if (missing.has(routed.exchange)) settle(index, routed.mandatory ? unroutable(routed) : accepted);
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
      if (mandatory && returns.take(routingKey, id)) settle(unroutable(routed));
      else if (!error) settle(accepted);
      else if (isNack(error)) settle(refused(busErrors.refused({ type, cause: error })));
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
      const ready = channel !== undefined && messages.every(({ exchange }) => exchanges.has(exchange));
      return ready ? send(channel, messages, none, timeoutMs) : publishSoon(messages);
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

const unroutable = ({ message, routingKey }: Routed): PublishResult =>
  refused(busErrors.unroutable({ type: message.type, routingKey }));

/** The one error of a confirm by which the broker refuses; every other one is about the channel. */
const isNack = (error: unknown): boolean => error instanceof Error && error.message === 'message nacked';

/** Whether the channel went because this user may not publish there; what was in flight to other exchanges is innocent. */
const forbids = (error: unknown, exchange: string): boolean =>
  codeOf(error) === 403 && messageOf(error).includes(`exchange '${exchange}'`);

/** What came back as unroutable; the broker says so before it confirms. The same message may be in flight twice. */
const createReturns = () => {
  const counts = new Map<string, number>();
  const nameOf = (routingKey: string, id: unknown) => `${routingKey} ${String(id)}`;
  return {
    add: (routingKey: string, id: unknown): void => {
      counts.set(nameOf(routingKey, id), (counts.get(nameOf(routingKey, id)) ?? 0) + 1);
    },
    take: (routingKey: string, id: string): boolean => {
      if (counts.size === 0) return false;
      const count = counts.get(nameOf(routingKey, id)) ?? 0;
      if (count > 1) counts.set(nameOf(routingKey, id), count - 1);
      else counts.delete(nameOf(routingKey, id));
      return count > 0;
    },
    clear: (): void => counts.clear(),
  };
};
