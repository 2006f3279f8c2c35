import { type Consumer, consume, Fault, subscriptionPaused, type Unreadable } from '@emporium/bus';
import {
  type Carrier,
  isControl,
  isOfStream,
  type ServiceName,
  type Subscription,
  shop,
} from '@emporium/contracts';
import type { Handler, Pauses, Poller } from '@emporium/store';
import type { ServiceContext, ServiceDefinition } from '../create-service.ts';
import type { Paused } from '../health.ts';
import type { LifecycleStage } from '../process/lifecycle.ts';
import { retryUntilSuccess } from '../retry.ts';
import { createPausableConsumer, type PausableConsumer, type PausableStatus } from './pausable-consumer.ts';

interface ConsumerLimits {
  /** The most unsettled deliveries of one subscription in one process. */
  readonly concurrency: number;
  /** The most deliveries that share a transaction. */
  readonly groupSize: number;
}

/** Streams carry many small messages, and nobody waits for the result of a single one. */
const consumerLimits: Readonly<Record<Carrier, ConsumerLimits>> = {
  bus: { concurrency: 100, groupSize: 50 },
  stream: { concurrency: 1_000, groupSize: 500 },
};

/**
 * One stage per subscription of the service, after one that reads which of them are paused: those are not subscribed to until they are
 * resumed. Throws when a subscription has no handlers, or handlers have no subscription.
 */
export const consumerStages = <DB>(
  name: ServiceName,
  { subscriptions = {}, unreadable = {} }: ServiceDefinition<DB>,
  context: ServiceContext<DB>,
): LifecycleStage[] => {
  const registered = shop.subscriptions.filter(({ service }) => service === name);
  const control = registered.filter(isControl);
  const handled = registered.filter((subscription) => !isControl(subscription));
  const unknown = Object.keys({ ...subscriptions, ...unreadable }).filter(
    (each) => !handled.some((known) => known.name === each),
  );
  if (unknown.length > 0)
    throw new Error(
      `${name} has handlers for ${unknown.join(', ')}, which is not among its subscriptions in packages/contracts/src/subscriptions.ts`,
    );
  if (handled.length === 0) return [];

  const pausable = new Map(
    handled.map((subscription) => {
      const handlers = subscriptions[subscription.name];
      if (handlers === undefined) throw new Error(`${subscription.name} has no handlers`);
      const subscribe = subscribing(
        { subscription, handlers, onUnreadable: unreadable[subscription.name] },
        context,
      );
      const options = { name: subscription.name, subscribe, isTransient: isBrokerAway, log: context.log };
      return [subscription.name, createPausableConsumer(options)] as const;
    }),
  );
  const watch = watchedPauses(context.store.pauses, pausable);
  const { handlers } = context.store.pauses;
  return [
    {
      name: 'pauses',
      start: async (signal) => {
        const { log } = context;
        await retryUntilSuccess('reading which subscriptions are paused', watch.start, { log, signal });
        const unwatch = measurePaused(pausable);
        return () => {
          unwatch();
          return watch.stop();
        };
      },
    },
    ...control.map((subscription) => {
      const subscribe = subscribing({ subscription, handlers, onHandled: watch.wake }, context);
      const options = { name: subscription.name, subscribe, isTransient: isBrokerAway, log: context.log };
      return consumerStage(subscription.name, createPausableConsumer(options), context);
    }),
    ...[...pausable].map(([each, consumer]) => consumerStage(each, consumer, context)),
  ];
};

const measurePaused = (pausable: ReadonlyMap<string, PausableConsumer>): (() => void) =>
  subscriptionPaused.from(() =>
    [...pausable].map(([name, consumer]) => ({
      labels: { messaging_destination_subscription_name: name, emporium_paused_by: 'person' },
      value: consumer.status().state === 'paused' ? 1 : 0,
    })),
  );

/** Pauses and resumes the consumers as the service's database says. */
const watchedPauses = <DB>(pauses: Pauses<DB>, pausable: ReadonlyMap<string, PausableConsumer>) => {
  let poller: Poller | undefined;
  return {
    start: async (): Promise<void> => {
      poller = await pauses.watch((paused) => {
        for (const [name, consumer] of pausable) consumer.set(paused.get(name));
      });
    },
    wake: () => poller?.wake(),
    stop: () => poller?.stop(),
  };
};

interface Subscribing<DB> {
  readonly subscription: Subscription;
  readonly handlers: readonly Handler<DB>[];
  readonly onUnreadable?: ((unreadable: Unreadable) => Promise<void>) | undefined;
  /** Called after each commit of a message. */
  readonly onHandled?: () => void;
}

const subscribing = <DB>(
  { subscription, handlers, onUnreadable, onHandled }: Subscribing<DB>,
  { store, transport, stream, log }: ServiceContext<DB>,
): (() => Promise<Consumer>) => {
  const carrier: Carrier = isOfStream(subscription) ? 'stream' : 'bus';
  const { concurrency, groupSize } = consumerLimits[carrier];
  const { run, handles } = store.runner(subscription, handlers, { groupSize });
  return () =>
    consume({
      transport: carrier === 'stream' ? stream : transport,
      registry: shop,
      subscription,
      handles,
      run:
        onHandled === undefined
          ? run
          : async (message, signal) => {
              await run(message, signal);
              onHandled();
            },
      ...(onUnreadable === undefined ? {} : { onUnreadable }),
      probe: () => store.probe(),
      limits: { concurrency },
      log,
    });
};

const consumerStage = <DB>(
  name: string,
  consumer: PausableConsumer,
  { health }: ServiceContext<DB>,
): LifecycleStage => {
  health.add(name, () => assertWorking(consumer.status()), { pausedBy: () => pausedBy(consumer.status()) });
  return {
    name,
    start: async (signal) => {
      // The process is to end before the broker is there.
      const abandon = (): void => void consumer.stop();
      signal.addEventListener('abort', abandon, { once: true });
      await consumer.start();
      signal.removeEventListener('abort', abandon);
      return () => consumer.stop();
    },
  };
};

const assertWorking = (status: PausableStatus): void => {
  if (status.state === 'failed') throw new Error(`it could not be subscribed again: ${status.reason}`);
  if (status.state !== 'stuck') return;
  const { since, reason, position = 'an unknown position' } = status;
  throw new Error(`no progress since ${since} at ${position}: ${reason}`);
};

const pausedBy = (status: PausableStatus): Paused | undefined => {
  if (status.state !== 'paused') return undefined;
  const { since, by, reason } = status.pause;
  return { status: 'paused', since: since.toISOString(), by, reason };
};

export const isBrokerAway = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'bus.broker_away';
