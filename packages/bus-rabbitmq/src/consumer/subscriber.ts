import { busErrors, type Consumer, messageOf } from '@emporium/bus';
import { atMost, type Deliver, type Limits } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import type { Channel, ChannelModel } from 'amqplib';
import type { Config } from '../config.ts';
import { keepChannel } from '../connection/channel.ts';
import type { Connection } from '../connection/connection.ts';
import { type Session, startSession } from '../connection/session.ts';
import { headers } from '../headers.ts';
import { countFrom, headerOf } from '../message-format.ts';
import { queuesOf } from '../names.ts';
import type { Publisher } from '../publisher.ts';
import type { Exchanges } from '../topology/exchanges.ts';
import type { Known } from '../topology/known.ts';
import { layoutFor } from '../topology/layout.ts';
import { startUpkeep } from '../topology/upkeep.ts';
import { RabbitmqDelivery } from './delivery.ts';
import { type ConsumedQueue, createQueueScheduler } from './queue-scheduler.ts';
import { createSettlement } from './settlement.ts';
import { createTroubles } from './trouble.ts';

export interface Subscribing {
  readonly config: Config;
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly exchanges: Exchanges;
  readonly known: Known;
  readonly subscription: Subscription;
  readonly deliver: Deliver;
  readonly limits: Limits;
}

/**
 * Messages of a partition that are fetched ahead; they are still handled one at a time. Their order survives a
 * crash: the broker puts them back where they were.
 */
const orderedPrefetch = 10;

const defaultStopMs = 5_000;

/** Longer than any retry policy waits. */
const maxRemainingMs = 86_400_000;

/** Declares the subscription and consumes it, on a channel of its own that is opened again whenever it is lost. Queues and bindings that go missing are declared again. */
export const startSubscriber = async (subscribing: Subscribing): Promise<Consumer> => {
  const { config, connection, publisher, exchanges, known, subscription, deliver, limits } = subscribing;
  const { condition } = connection;
  const { ordered } = subscription;
  const aborting = new AbortController();
  const troubles = createTroubles();
  const layout = layoutFor(subscription);
  known.add(layout);
  const { name } = subscription;
  const upkeep = startUpkeep({ config, connection, exchanges, troubles, name, layout });
  let lastProblem: unknown;
  let stopping: Promise<void> | undefined;

  const run = async (delivery: RabbitmqDelivery): Promise<void> => {
    try {
      await deliver(delivery);
    } catch (error) {
      if (aborting.signal.aborted) return;
      const facts = { subscription: name, messageId: delivery.id };
      config.log.warn(facts, `the delivery failed: ${messageOf(error)}`);
      await delivery.retry(0).catch(() => {}); // the broker delivers it again
    }
  };
  const scheduler = createQueueScheduler(
    queuesOf(subscription),
    { max: limits.concurrency, maxPerQueue: ordered ? 1 : limits.concurrency },
    run,
    condition.changed,
  );

  const opening = troubles.begin();
  const setUp = async (channel: Channel, model: ChannelModel): Promise<void> => {
    try {
      const conflicts = await upkeep.declare(model);
      for (const { name: other } of [...conflicts.exchanges, ...conflicts.queues]) {
        config.log.warn(
          { subscription: name },
          `${other} is there with other arguments; it is used as it is`,
        );
      }
      await channel.prefetch(ordered ? orderedPrefetch : limits.concurrency);
      const session = startSession(channel);
      for (const queue of scheduler.queues) await consumeQueue(session, queue);
      opening.end();
    } catch (error) {
      lastProblem = error;
      if (connection.current() === model) opening.failed(error);
      throw error;
    }
  };

  const consumeQueue = async (session: Session, queue: ConsumedQueue): Promise<void> => {
    const { channel } = session;
    const settling = { publisher, subscription, troubles };
    const settlement = createSettlement(settling, session, queue, scheduler.dispatch);
    await channel.consume(queue.name, (raw) => {
      // The broker cancels the consumer when the queue is removed or moves: a new channel consumes it again.
      if (raw === null) return void channel.close().catch(() => {});
      const delivery = new RabbitmqDelivery(raw, settlement, aborting.signal);
      const remainingMs = countFrom(headerOf(raw.properties, headers.remaining), maxRemainingMs);
      if (remainingMs > 0 && !ordered) return void settlement.waitOn(delivery, remainingMs).catch(() => {}); // the broker delivers it again
      queue.waiting.push(delivery);
      scheduler.dispatch();
    });
  };

  const kept = keepChannel<Channel>({
    purpose: name,
    connection,
    log: config.log,
    open: (model) => model.createChannel(),
    setUp,
    onLost: scheduler.clear,
  });

  const stop = async (timeoutMs: number): Promise<void> => {
    upkeep.stop();
    scheduler.pause();
    await condition.until(() => (scheduler.busy() ? undefined : true), timeoutMs);
    if (scheduler.busy()) aborting.abort();
    // Checking the queues lets the last acks arrive. If the channel closed before them, the messages would be delivered again.
    await atMost(
      1_000,
      Promise.all(scheduler.queues.map(({ name: queue }) => kept.current()?.checkQueue(queue))),
    );
    await kept.close();
    scheduler.clear();
  };
  const consumer: Consumer = {
    status: troubles.status,
    pause: async () => scheduler.pause(),
    resume: async () => {
      if (stopping === undefined) scheduler.resume();
    },
    stop: ({ timeoutMs = defaultStopMs } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };

  if ((await condition.until(kept.current, config.timeoutMs)) === undefined) {
    await consumer.stop({ timeoutMs: 0 });
    throw busErrors.broker_away({ broker: 'rabbitmq', cause: lastProblem ?? connection.reason() });
  }
  return consumer;
};
