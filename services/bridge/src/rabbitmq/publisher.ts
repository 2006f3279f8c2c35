import { randomUUID } from 'node:crypto';
import { messageOf } from '@emporium/bus';
import type { ConfirmChannel, Options } from 'amqplib';
import { bridgeErrors } from '../errors.ts';
import type { RabbitmqConnection } from './connection.ts';

/** One message for an exchange of another system. */
export interface RabbitmqMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Uint8Array;
  readonly properties: Pick<
    Options.Publish,
    'messageId' | 'type' | 'contentType' | 'timestamp' | 'correlationId' | 'appId'
  >;
}

export interface RabbitmqPublisher {
  /**
   * Resolves when the broker durably owns the message in a queue. Rejects with `bridge.broker_away`, which pauses a subscription,
   * when that is unknown, or no queue takes it: then the topology is declared again.
   */
  publish(message: RabbitmqMessage): Promise<void>;
  /** Declares the topology now rather than with the first message. */
  prepare(): Promise<void>;
  /** Throws why messages cannot be published now, or why the last one was not. For health checks. */
  assertWorking(): void;
  close(): Promise<void>;
}

export interface PublisherOptions {
  readonly connection: RabbitmqConnection;
  /** Declares the exchange, and the queues that must not miss a message. It is repeated for each new channel. */
  readonly declare: (channel: ConfirmChannel) => Promise<void>;
  /** How long a confirm may take, in milliseconds. */
  readonly timeoutMs?: number;
}

interface Opened {
  readonly channel: ConfirmChannel;
  /** The messages that no queue takes; the broker says so before it confirms them. */
  readonly returned: Set<string>;
  /** Why the channel was closed, if the broker said so. */
  readonly ending: () => unknown;
}

/** The header by which a returned message is recognised: the same message may be in flight twice. */
const publishHeader = 'x-publish-id';

/** One confirm channel, opened when it is needed, with as many messages in flight as are published. */
export const createRabbitmqPublisher = ({
  connection,
  declare,
  timeoutMs = 10_000,
}: PublisherOptions): RabbitmqPublisher => {
  let opening: Promise<Opened> | undefined;
  let current: ConfirmChannel | undefined;
  let failure: string | undefined;

  const open = async (): Promise<Opened> => {
    const model = connection.current();
    if (model === undefined) throw new Error(connection.trouble());
    const channel = await model.createConfirmChannel();
    const returned = new Set<string>();
    let ending: unknown;
    channel.on('error', (error) => {
      ending = error; // comes before the confirms that are lost with it
    });
    channel.on('handler-error', (error) => {
      ending = error;
    });
    channel.on('close', () => {
      if (current === channel) forget();
    });
    channel.on('return', ({ properties }) => returned.add(String(properties.headers?.[publishHeader])));
    current = channel;
    await declare(channel).catch((error: unknown) => Promise.reject(ending ?? error));
    return { channel, returned, ending: () => ending };
  };

  /** The next message opens a new channel. What is in flight on this one is published again if it is not confirmed. */
  const forget = (): void => {
    const last = current;
    current = undefined;
    opening = undefined;
    void last?.close().catch(() => undefined); // it may be closed already
  };

  const opened = (): Promise<Opened> => {
    opening ??= open().catch((error: unknown) => {
      forget();
      throw error;
    });
    return opening;
  };

  const send = async ({ exchange, routingKey, body, properties }: RabbitmqMessage): Promise<void> => {
    const trouble = connection.trouble();
    if (trouble !== undefined) throw new Error(trouble);
    const { channel, returned, ending } = await opened();
    const publishId = randomUUID();
    const options = { ...properties, persistent: true, mandatory: true };
    const { promise: confirmed, resolve, reject } = Promise.withResolvers<void>();
    channel.publish(
      exchange,
      routingKey,
      Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      { ...options, headers: { [publishHeader]: publishId } },
      (error: unknown) => (error ? reject(ending() ?? error) : resolve()),
    );
    await confirmed;
    if (!returned.delete(publishId)) return;
    if (current === channel) forget(); // the next one declares the queues again
    throw new Error(`no queue takes ${routingKey} of the exchange ${exchange}`);
  };

  const within = async <T>(work: Promise<T>): Promise<T> => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      forget();
      reject(new Error(`no confirm within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      const result = await Promise.race([work, late]);
      failure = undefined;
      return result;
    } catch (error) {
      work.catch(() => undefined); // nobody waits for it any more
      failure = messageOf(error);
      throw bridgeErrors.broker_away({ broker: 'rabbitmq', reason: failure, retryAfterMs: 1_000 });
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    publish: (message) => within(send(message)),
    assertWorking: () => {
      const trouble = connection.trouble() ?? failure;
      if (trouble !== undefined) throw new Error(trouble);
    },
    prepare: async () => void (await within(opened())),
    close: async () => {
      await current?.close().catch(() => undefined); // it may be lost already
    },
  };
};
