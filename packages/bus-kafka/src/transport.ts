import {
  busErrors,
  type Consumer,
  Fault,
  type OutgoingMessage,
  type PublishResult,
  type Transport,
} from '@emporium/bus';
import { type KafkaOptions, parseOptions } from './config.ts';
import { createConnection } from './connection.ts';
import { consumeDeadLetters } from './dead-letters.ts';
import { directTopic, topicOf } from './names.ts';
import { createPublisher, type Routed } from './publisher.ts';
import { subscribe } from './subscriber.ts';
import type { Tools } from './tools.ts';
import { createTopics } from './topics.ts';
import { createTopology } from './topology.ts';
import { createTopologyRecord } from './topology-record.ts';

/** How often the broker is asked: whether it is there, and for what a consumer is to read besides. */
const watchMs = 2_000;

/**
 * The transport on Apache Kafka 3.5 and later. Connects at once, and again when it must: publishes and
 * subscriptions wait for the broker up to `timeoutMs`. Throws only when the url is no url of Kafka's.
 */
export const createKafkaTransport = (options: KafkaOptions): Transport => {
  const connection = createConnection(parseOptions(options));
  const topics = createTopics(connection);
  const publisher = createPublisher(connection, topics);
  const record = createTopologyRecord(connection, publisher, topics);
  const consumers: Promise<Consumer>[] = [];
  const listeners = new Set<() => void | Promise<void>>();
  let closing: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    try {
      await topics.look();
      await record.refresh();
      for (const listener of listeners) await listener();
    } catch {
      record.doubt(); // looked for again soon; the status tells of a broker that is away
    }
    if (closing === undefined) looking = setTimeout(look, watchMs).unref();
  };
  let looking: NodeJS.Timeout | undefined;
  void look();
  const watch = (listener: () => void | Promise<void>) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const tools: Tools = { connection, publisher, topics, record, watch };

  const started = (start: () => Promise<Consumer>): Promise<Consumer> => {
    if (closing !== undefined) return Promise.reject(busErrors.closed());
    const consumer = start();
    consumers.push(consumer);
    return consumer;
  };

  /** Nobody takes it, or the broker may have lost who does. */
  const isInDoubt = ({ kind, mandatory, type }: OutgoingMessage): boolean =>
    (kind === 'command' || mandatory === true) && !(record.isSure() && record.bindings.routes(type));

  /** Why it cannot be routed: what nobody takes would be in a log that nobody reads, or reads from behind it. */
  const refusalOf = async (message: OutgoingMessage): Promise<PublishResult | undefined> => {
    if (!isInDoubt(message)) return undefined;
    const { type } = message;
    try {
      await connection.patiently(record.refresh);
    } catch (cause) {
      return refused(faultOf(type, cause));
    }
    return record.bindings.routes(type) ? undefined : refused(busErrors.unroutable({ type }));
  };

  /** A topic may be gone, and with it who listens. */
  const told = (results: PublishResult[]): PublishResult[] => {
    if (results.some(({ status }) => status === 'refused')) record.doubt();
    return results;
  };

  const publish = async (messages: readonly OutgoingMessage[]): Promise<PublishResult[]> => {
    if (!messages.some(isInDoubt)) return told(await publisher.publish(messages.map(routedOf)));
    const refusals = await Promise.all(messages.map(refusalOf));
    const sent = messages.filter((_, index) => refusals[index] === undefined);
    const results = told(await publisher.publish(sent.map(routedOf)));
    return refusals.map((refusal) => refusal ?? results.shift() ?? closed);
  };

  const close = async (): Promise<void> => {
    connection.closing();
    clearTimeout(looking);
    const stop = async (consumer: Promise<Consumer>) => (await consumer).stop();
    // A consumer that never started has nothing to stop.
    await Promise.allSettled(consumers.map(stop));
    await publisher.close();
    await connection.close();
  };

  return {
    name: 'kafka',
    publish: (messages) =>
      closing === undefined ? publish(messages) : Promise.resolve(messages.map(() => closed)),
    sendTo: async (subscription, { id, type, key, body }) => {
      if (closing !== undefined) return closed;
      try {
        await connection.patiently(record.refresh);
      } catch (cause) {
        return refused(faultOf(type, cause));
      }
      const { name } = subscription;
      if (record.bindings.subscription(name) === undefined)
        return refused(busErrors.unroutable({ subscription: name }));
      const [result = closed] = await publisher.publish([
        { topic: directTopic(subscription.service), message: { id, type, key, body }, headers: { to: name } },
      ]);
      return result;
    },
    subscribe: (subscription, deliver, limits) =>
      started(() => subscribe(tools, subscription, deliver, limits)),
    consumeDeadLetters: (take) => started(() => consumeDeadLetters(tools, take)),
    topology: (registry) => createTopology(tools, registry),
    status: connection.status,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
};

const routedOf = (message: OutgoingMessage): Routed => ({
  message,
  topic: topicOf(message),
  ...(message.open ? { open: true } : {}),
});

const refused = (error: Fault): PublishResult => ({ status: 'refused', error });

const closed: PublishResult = refused(busErrors.closed());

const faultOf = (type: string, cause: unknown): Fault =>
  cause instanceof Fault ? cause : busErrors.refused({ type, cause });
