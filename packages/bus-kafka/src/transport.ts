import {
  busErrors,
  type Consumer,
  Fault,
  type OutgoingMessage,
  type PublishResult,
  type Transport,
} from '@emporium/bus';
import { answerWithin, queuesTimeoutMs } from '@emporium/bus/transport';
import { type KafkaOptions, parseOptions } from './config.ts';
import { createConnection } from './connection.ts';
import { consumeDeadLetters } from './dead-letters.ts';
import { directTopic, topicOf } from './names.ts';
import { createPublisher, type Routed } from './publisher.ts';
import { readQueues } from './queues.ts';
import { subscribe } from './subscriber.ts';
import type { Tools } from './tools.ts';
import { createTopics } from './topology/topics.ts';
import { createTopology } from './topology/topology.ts';
import { createTopologyRecord } from './topology/topology-record.ts';

/** How often topics and topology are read again, which also finds out whether the broker is there. */
const watchMs = 2_000;

/**
 * The transport on Apache Kafka 3.5 and later. Connects at once, and reconnects by itself: publishes and
 * subscriptions wait for the broker up to `timeoutMs`. Throws only when the url is not valid.
 */
export const createKafkaTransport = (options: KafkaOptions): Transport => {
  const connection = createConnection(parseOptions(options));
  const topics = createTopics(connection);
  const publisher = createPublisher(connection, topics);
  const record = createTopologyRecord(connection, publisher, topics);
  const consumers: Promise<Consumer>[] = [];
  const listeners = new Set<() => void | Promise<void>>();
  let closing: Promise<void> | undefined;

  const refresh = async (): Promise<void> => {
    try {
      await topics.refresh();
      await record.refresh();
      for (const listener of listeners) await listener();
    } catch {
      record.invalidate(); // tried again soon; a broker that is away is in the status
    }
    if (closing === undefined) refreshing = setTimeout(refresh, watchMs).unref();
  };
  let refreshing: NodeJS.Timeout | undefined;
  void refresh();
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

  /** No subscription is known to take it, or the broker may have lost that subscription. */
  const mayBeUnroutable = ({ kind, mandatory, type }: OutgoingMessage): boolean =>
    (kind === 'command' || mandatory === true) && !(record.isCurrent() && record.bindings.routes(type));

  /** A message without a subscription would stay in a log that nobody reads, so it is refused. */
  const refusalOf = async (message: OutgoingMessage): Promise<PublishResult | undefined> => {
    if (!mayBeUnroutable(message)) return undefined;
    const { type } = message;
    try {
      await connection.patiently(record.refresh);
    } catch (cause) {
      return refused(faultOf(type, cause));
    }
    return record.bindings.routes(type) ? undefined : refused(busErrors.unroutable({ type }));
  };

  /** After a refusal the topology is read again: a topic may be gone, and with it the subscriptions. */
  const checked = (results: PublishResult[]): PublishResult[] => {
    if (results.some(({ status }) => status === 'refused')) record.invalidate();
    return results;
  };

  const publish = async (messages: readonly OutgoingMessage[]): Promise<PublishResult[]> => {
    if (!messages.some(mayBeUnroutable)) return checked(await publisher.publish(messages.map(routedOf)));
    const refusals = await Promise.all(messages.map(refusalOf));
    const sent = messages.filter((_, index) => refusals[index] === undefined);
    const results = checked(await publisher.publish(sent.map(routedOf)));
    return refusals.map((refusal) => refusal ?? results.shift() ?? closed);
  };

  const close = async (): Promise<void> => {
    connection.closing();
    clearTimeout(refreshing);
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
    consumeDeadLetters: (handle) => started(() => consumeDeadLetters(tools, handle)),
    topology: (registry) => createTopology(tools, registry),
    queues: async (registry) => {
      if (closing !== undefined) throw busErrors.closed();
      const reading = connection.patiently(() => readQueues(tools, registry));
      return answerWithin(queuesTimeoutMs, 'kafka', reading);
    },
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
