import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf } from '@emporium/bus';
import { connect, type MqttClient } from 'mqtt';
import { createBoundedQueue } from './queue.ts';

export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker had stored it as the last one of its topic, and sends it with each subscribe. */
  readonly retained: boolean;
}

export interface MqttSubscriber {
  /** Why it receives nothing; undefined while it is subscribed. */
  trouble(): string | undefined;
  /** Resolves when the broker has taken the message (QoS 1); waits while it is away. Rejects once this is closed. */
  publish(topic: string, payload: Uint8Array): Promise<void>;
  /**
   * Disconnects, within about a second, and for good; resolves when nothing is being handled either. What was not acknowledged stays on
   * the broker.
   */
  close(): Promise<void>;
}

export interface MqttOptions {
  /** `mqtt:` or `mqtts:` */
  readonly url: string;
  /** A topic filter. */
  readonly topic: string;
  /** Names the session: the broker keeps messages for it while nobody is connected. */
  readonly clientId: string;
  /**
   * Handles what is at hand, in the order of arrival. It is acknowledged when this resolves, and handled again, after a while, when it
   * rejects.
   */
  readonly handle: (messages: readonly MqttMessage[], subscriber: MqttSubscriber) => Promise<void>;
  readonly log: Log;
}

/** A message with what acknowledges it: nothing where the quality of service is 0. */
interface Received {
  readonly message: MqttMessage;
  readonly ack?: Ack;
}

/** Valid on the connection that the message came on: the broker numbers messages anew on the next. */
interface Ack {
  readonly connection: MqttClient['stream'];
  readonly messageId: number;
}

/** Beyond these nothing is read from the connection, so that the broker waits. */
const bounds = { items: 1_000, bytes: 8 * 1024 * 1024 };
const maxBatch = 500;
const firstRetryMs = 100;
const maxRetryMs = 5_000;
const resubscribeMs = 2_000;
/** How long `close` waits, at most, to acknowledge what is being handled before it disconnects. */
const lastBatchMs = 1_000;

/**
 * Subscribes with QoS 1 and a persistent session, in MQTT 3.1.1, which every broker speaks. Connects in the background, and again
 * whenever the connection is lost. Each new reason for that is logged once.
 */
export const openMqttSubscriber = (options: MqttOptions): MqttSubscriber => {
  const { url, topic, clientId, handle, log } = options;
  const facts = { topic };
  const queue = createBoundedQueue<Received>(bounds);
  const closing = new AbortController();
  let trouble: string | undefined = 'connecting';
  let logged: string | undefined;
  let running: Promise<void> | undefined;

  const client = connect(url, {
    protocolVersion: 4,
    clientId,
    clean: false,
    reconnectPeriod: 1_000,
    connectTimeout: 10_000,
    reconnectOnConnackError: true, // an operator may correct the password on the broker
    resubscribe: false, // `onConnect` does, whether the broker knows the session or not
    keepalive: 30,
  });

  const away = (reason: string): void => {
    if (closing.signal.aborted) return;
    trouble = reason;
    if (trouble !== logged) log.warn(facts, `MQTT: ${reason}; trying again until it succeeds`);
    logged = trouble;
  };

  const onConnect = async (): Promise<void> => {
    const { stream } = client;
    // An acknowledgement would wait 40 ms for the next one, and a broker sends few messages ahead of them.
    if (stream instanceof Socket) stream.setNoDelay(true);
    const isOpen = (): boolean => client.connected && client.stream === stream && !closing.signal.aborted;
    while (isOpen() && !(await isSubscribed()))
      await sleep(resubscribeMs, undefined, { signal: closing.signal }).catch(() => undefined);
  };

  /** Subscribes, and returns whether the broker has granted it. An operator may correct the permissions there. */
  const isSubscribed = async (): Promise<boolean> => {
    try {
      const granted = await client.subscribeAsync(topic, { qos: 1 });
      if (granted.some(({ qos }) => qos > 2)) throw new Error('the broker refuses it');
      trouble = undefined;
      logged = undefined;
      log.info(facts, 'MQTT: subscribed');
      return true;
    } catch (error) {
      away(`the subscription to ${topic} failed: ${messageOf(error)}`);
      return false;
    }
  };

  client.on('connect', () => void onConnect());
  client.on('error', (error) => away(reasonOf(error)));
  client.on('close', () => {
    away(logged ?? 'the connection was closed');
    queue.remove(({ ack }) => ack !== undefined); // the broker delivers these again
  });

  client.handleMessage = (packet, callback) => {
    const { topic: sentTo, payload, qos, messageId, retain } = packet;
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const message = { topic: String(sentTo), payload: bytes, retained: retain };
    const hasAck = qos > 0 && messageId !== undefined;
    queue.add(
      { message, ...(hasAck ? { ack: { connection: client.stream, messageId } } : {}) },
      bytes.byteLength,
    );
    running ??= run().finally(() => {
      running = undefined;
    });
    // With an error the client goes on to the next message, and leaves the acknowledgement to us.
    queue.whenRoom(() => callback(acknowledgedLater));
  };

  const run = async (): Promise<void> => {
    await Promise.resolve(); // so that the messages of one read from the socket make one batch
    while (queue.size() > 0 && !closing.signal.aborted) {
      const batch = queue.take(maxBatch);
      if (await handleUntilSuccess(batch.map(({ message }) => message))) acknowledge(batch);
    }
  };

  /** Resolves with false when this is closed before. */
  const handleUntilSuccess = async (messages: readonly MqttMessage[]): Promise<boolean> => {
    let failure: string | undefined;
    for (let delayMs = firstRetryMs; !closing.signal.aborted; delayMs = Math.min(delayMs * 2, maxRetryMs)) {
      try {
        await handle(messages, subscriber);
        if (failure !== undefined) log.info(facts, 'MQTT: messages are handled again');
        return true;
      } catch (error) {
        const reason = messageOf(error);
        if (reason !== failure) log.warn(facts, `MQTT: messages wait, nothing is lost: ${reason}`);
        failure = reason;
        await sleep(delayMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    return false;
  };

  /** PUBACK, on the connection that the message came on. */
  const acknowledge = (batch: readonly Received[]): void => {
    const open = batch.flatMap(({ ack }) => (ack && ack.connection === client.stream ? [ack.messageId] : []));
    if (open.length === 0 || !client.connected) return;
    client.stream.write(Buffer.from(open.flatMap((id) => [0x40, 2, id >> 8, id & 0xff])));
  };

  const subscriber: MqttSubscriber = {
    trouble: () => trouble,
    publish: async (to, payload) => {
      const { promise: closed, reject } = Promise.withResolvers<never>();
      const onClose = (): void => reject(new Error('closed'));
      closing.signal.addEventListener('abort', onClose, { once: true });
      try {
        await Promise.race([client.publishAsync(to, Buffer.from(payload), { qos: 1 }), closed]);
      } finally {
        closing.signal.removeEventListener('abort', onClose);
      }
    },
    close: async () => {
      closing.abort();
      client.options.reconnectPeriod = 0; // another instance may have the session by now
      if (client.connected && running !== undefined)
        await Promise.race([running, sleep(lastBatchMs, undefined, { ref: false })]);
      await client.endAsync(!client.connected || running !== undefined);
      await running;
    },
  };
  return subscriber;
};

const acknowledgedLater = new Error('acknowledged later');

/** 4 and 5: the broker refuses the user. */
const reasonOf = (error: Error): string =>
  'code' in error && (error.code === 4 || error.code === 5)
    ? `the broker refuses the user or password of BRIDGE_MQTT_URL (${messageOf(error)})`
    : messageOf(error);
