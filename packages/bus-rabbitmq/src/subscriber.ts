import { busErrors, type Consumer, messageOf } from '@emporium/bus';
import type { Deliver, Limits } from '@emporium/bus/transport';
import type { Subscription } from '@emporium/contracts';
import type { Channel, ChannelModel } from 'amqplib';
import { atMost } from './at-most.ts';
import { keepChannel } from './channel.ts';
import type { Config } from './config.ts';
import type { Connection } from './connection.ts';
import { RabbitmqDelivery } from './delivery.ts';
import type { Exchanges } from './exchanges.ts';
import { headers } from './headers.ts';
import type { Known } from './known.ts';
import { createLanes, type Lane } from './lane.ts';
import { layoutFor } from './layout.ts';
import { countFrom, headerOf } from './message-format.ts';
import { queuesOf } from './names.ts';
import type { Publisher } from './publisher.ts';
import { type Session, startSession } from './session.ts';
import { createSettlement } from './settlement.ts';
import { createTroubles } from './trouble.ts';
import { startUpkeep } from './upkeep.ts';

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
 * Messages of a partition that are fetched ahead; they are handled one at a time all the same. Their order survives a
 * crash: the broker puts them back where they were.
 */
const orderedPrefetch = 10;

const defaultStopMs = 5_000;

/** More than any policy waits, in milliseconds. */
const maxRemainingMs = 86_400_000;

/** Declares the subscription and consumes it, on a channel of its own that is opened again whenever it is lost. What it needs is declared again where it goes missing. */
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
      await delivery.retry(0).catch(() => {}); // then it is given back, and comes again
    }
  };
  const lanes = createLanes(
    queuesOf(subscription),
    { most: limits.concurrency, mostPerLane: ordered ? 1 : limits.concurrency },
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
      for (const lane of lanes.all) await consumeQueue(session, lane);
      opening.end();
    } catch (error) {
      lastProblem = error;
      if (connection.current() === model) opening.failed(error);
      throw error;
    }
  };

  const consumeQueue = async (session: Session, lane: Lane): Promise<void> => {
    const { channel } = session;
    const settling = { publisher, subscription, troubles };
    const settlement = createSettlement(settling, session, lane, lanes.pump);
    await channel.consume(lane.queue, (raw) => {
      // The broker cancels when the queue is removed or moves: begin afresh.
      if (raw === null) return void channel.close().catch(() => {});
      const delivery = new RabbitmqDelivery(raw, settlement, aborting.signal);
      const remainingMs = countFrom(headerOf(raw.properties, headers.remaining), maxRemainingMs);
      if (remainingMs > 0 && !ordered) return void settlement.waitOn(delivery, remainingMs).catch(() => {}); // given back
      lane.waiting.push(delivery);
      lanes.pump();
    });
  };

  const kept = keepChannel<Channel>({
    purpose: name,
    connection,
    log: config.log,
    open: (model) => model.createChannel(),
    setUp,
    onLost: lanes.clear,
  });

  const stop = async (timeoutMs: number): Promise<void> => {
    upkeep.stop();
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
    status: troubles.status,
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
