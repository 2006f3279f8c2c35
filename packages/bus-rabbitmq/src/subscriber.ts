import { busErrors, type Consumer, type Deliver, type Limits, messageOf } from '@emporium/bus';
import type { Subscription } from '@emporium/contracts';
import type { Channel, ChannelModel } from 'amqplib';
import { atMost } from './at-most.ts';
import { keepChannel } from './channel.ts';
import type { Config } from './config.ts';
import type { Connection } from './connection.ts';
import { declareAll } from './declare.ts';
import { RabbitmqDelivery } from './delivery.ts';
import { createLanes, type Lane } from './lane.ts';
import { layoutFor } from './layout.ts';
import { countOr } from './message-format.ts';
import { queuesOf } from './names.ts';
import type { Publisher } from './publisher.ts';
import { type Session, startSession } from './session.ts';
import { createSettlement } from './settlement.ts';

export interface Subscribing {
  readonly config: Config;
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly subscription: Subscription;
  readonly deliver: Deliver;
  readonly limits: Limits;
}

/**
 * Messages of a partition that are fetched ahead; they are handled one at a time all the same. Their order survives a
 * crash: the broker puts them back where they were.
 */
const orderedPrefetch = 10;

const defaultStopMs = 5_000;

/** Declares the subscription and consumes it, on a channel of its own that is opened again whenever it is lost. */
export const startSubscriber = async (subscribing: Subscribing): Promise<Consumer> => {
  const { config, connection, subscription, deliver, limits } = subscribing;
  const { condition } = connection;
  const { ordered } = subscription;
  const aborting = new AbortController();
  let lastProblem: unknown;
  let stopping: Promise<void> | undefined;

  const run = async (delivery: RabbitmqDelivery): Promise<void> => {
    try {
      await deliver(delivery);
    } catch (error) {
      if (aborting.signal.aborted) return;
      const facts = { subscription: subscription.name, messageId: delivery.id };
      config.log.warn(facts, `the delivery failed: ${messageOf(error)}`);
      await delivery.retry(0).catch(() => {}); // then it is given back, and comes again
    }
  };
  const lanes = createLanes(
    queuesOf(subscription),
    { most: limits.concurrency, mostPerLane: ordered ? 1 : limits.concurrency },
    run,
    condition.changed,
  );

  const setUp = async (channel: Channel, model: ChannelModel): Promise<void> => {
    try {
      const { exchanges, queues } = await declareAll(model, layoutFor(subscription));
      for (const { name } of [...exchanges, ...queues]) {
        config.log.warn(
          { subscription: subscription.name },
          `${name} is there with other arguments; it is used as it is`,
        );
      }
      await channel.prefetch(ordered ? orderedPrefetch : limits.concurrency);
      const session = startSession(channel);
      for (const lane of lanes.all) await consumeQueue(session, lane);
    } catch (error) {
      lastProblem = error;
      throw error;
    }
  };

  const consumeQueue = async (session: Session, lane: Lane): Promise<void> => {
    const { channel } = session;
    const settlement = createSettlement(subscribing, session, lane, lanes.pump);
    await channel.consume(lane.queue, (raw) => {
      // The broker cancels when the queue is removed or moves: begin afresh.
      if (raw === null) return void channel.close().catch(() => {});
      const delivery = new RabbitmqDelivery(raw, settlement, aborting.signal);
      const remainingMs = countOr(0, raw.properties.headers?.['remaining']);
      if (remainingMs > 0) return void settlement.waitOn(delivery, remainingMs).catch(() => {}); // given back
      lane.waiting.push(delivery);
      lanes.pump();
    });
  };

  const kept = keepChannel<Channel>({
    purpose: subscription.name,
    connection,
    log: config.log,
    open: (model) => model.createChannel(),
    setUp,
    onLost: lanes.clear,
  });

  const stop = async (timeoutMs: number): Promise<void> => {
    lanes.pause();
    await condition.until(() => (lanes.busy() ? undefined : true), timeoutMs);
    if (lanes.busy()) aborting.abort();
    // Acks are on their way through the broker for a moment. Asking the queue lets them arrive before the channel goes,
    // which would have them delivered once more.
    await atMost(1_000, Promise.all(lanes.all.map(({ queue }) => kept.current()?.checkQueue(queue))));
    await kept.close();
    lanes.clear();
  };
  const consumer: Consumer = {
    status: () => ({ state: 'working' }),
    pause: async () => lanes.pause(),
    resume: async () => {
      if (stopping === undefined) lanes.resume();
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
