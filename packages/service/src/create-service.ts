import type { Transport, Unreadable } from '@emporium/bus';
import { type ServiceName, shop } from '@emporium/contracts';
import type { BackfillSource, CommitListener, Handler, Migrations, Retention, Store } from '@emporium/store';
import { createTokenVerifier } from './auth/tokens.ts';
import { backfillRoutes } from './backfill-routes.ts';
import type { ServiceConfig } from './config/settings.ts';
import { createHealth, type Health } from './health.ts';
import { listen } from './http/listen.ts';
import { createHttpServer, type Routes } from './http/server.ts';
import type { Log } from './log.ts';
import { type LifecycleStage, stageGroup } from './process/lifecycle.ts';
import { retryUntilSuccess } from './retry.ts';
import { consumerStages, isBrokerAway } from './subscriptions/consumer-stages.ts';
import { createTransport } from './transport.ts';

/** What a composition root declares about its service. */
export interface ServiceDefinition<DB> {
  /** The description of its API. */
  readonly description: string;
  readonly migrations: Migrations;
  readonly routes?: readonly Routes[];
  /** The handlers of each subscription, by its name. */
  readonly subscriptions?: Readonly<Record<string, readonly Handler<DB>[]>>;
  /** Called, by the subscription's name, with a message that cannot be read before it becomes a dead letter. */
  readonly unreadable?: Readonly<Record<string, (unreadable: Unreadable) => Promise<void>>>;
  /** Started after the relay and before the subscriptions; stopped in reverse order. */
  readonly background?: readonly LifecycleStage[];
  readonly retention?: readonly Retention[];
  /**
   * Called after each commit with the effects that it wrote to the outbox, once: for metrics of the business. Must not throw. What a
   * backfill publishes again is not among them.
   */
  readonly observe?: CommitListener;
  /** What it can publish again, to a subscription that was added later. */
  readonly backfill?: BackfillSource<DB>;
}

/** What a composition root builds handlers and routes from. */
export interface ServiceContext<DB> {
  readonly store: Store<DB>;
  readonly transport: Transport;
  /** For the open streams: the same as `transport` unless `STREAM_URL` is another broker. */
  readonly stream: Transport;
  readonly health: Health;
  readonly log: Log;
}

/** Time to close the connections to broker and database, in milliseconds. By then all work is done, and nothing can be lost. */
const closeTimeoutMs = 1_000;

/**
 * The stages of a service, in the order of their start: database and migrations, relay, background work, subscriptions, HTTP. A
 * drain stops them in reverse: HTTP, subscriptions and background work at the same time, then the relay, which publishes what is
 * committed. The start waits for a database or broker that is not available yet. When the broker becomes unavailable later, the
 * service is degraded, and the outbox keeps its messages.
 */
export const createService = async <DB>(
  name: ServiceName,
  config: ServiceConfig & { readonly STREAM_URL?: string | undefined },
  log: Log,
  define: (context: ServiceContext<DB>) => ServiceDefinition<DB>,
): Promise<readonly LifecycleStage[]> => {
  // Imported on demand: it takes 18 MB, and processes without a database use this package, too.
  const { createStore } = await import('@emporium/store');
  const store = createStore<DB>({ service: name, registry: shop, url: config.DATABASE_URL, log });
  const { BUS_URL, STREAM_URL = BUS_URL } = config;
  const isOneBroker = STREAM_URL === BUS_URL;
  const transport = await createTransport({
    url: BUS_URL,
    service: name,
    log,
    registry: isOneBroker ? shop : shop.on('bus'),
  });
  const stream = isOneBroker
    ? transport
    : await createTransport({ url: STREAM_URL, service: name, log, registry: shop.on('stream') });
  const health = createHealth();
  const context: ServiceContext<DB> = { store, transport, stream, health, log };
  const definition = define(context);
  if (definition.observe !== undefined) store.onCommit(definition.observe);
  health.add('database', () => store.probe());
  health.add('broker', () => assertUp(transport), { degrades: true });
  if (stream !== transport) health.add('stream', () => assertUp(stream), { degrades: true });
  const consumers = consumerStages(name, definition, context);
  const backfills = definition.backfill && store.backfills(definition.backfill);
  const server = await createHttpServer({
    log,
    api: { title: name, description: definition.description },
    health,
    tokens: createTokenVerifier(config.JWT_PUBLIC_KEY),
    routes: [...(definition.routes ?? []), ...(backfills ? [backfillRoutes(name, backfills)] : [])],
  });

  return [
    {
      name: 'database',
      start: async (signal) => {
        await retryUntilSuccess('waiting for the database', () => store.probe(), { log, signal });
        await store.migrate(definition.migrations);
        return () => within(closeTimeoutMs, store.close());
      },
    },
    {
      name: 'broker',
      start: () => async () => {
        await within(closeTimeoutMs, Promise.all([transport, stream].map((each) => each.close())));
      },
    },
    {
      name: 'relay',
      start: () => {
        const relay = store.startRelay(transport);
        return () => relay.stop();
      },
    },
    {
      name: 'retention',
      start: () => {
        const retention = store.startRetention(definition.retention);
        return () => retention.stop();
      },
    },
    stageGroup('work', [
      ...(backfills ? [{ name: 'backfills', start: () => backfills.start() }] : []),
      ...(definition.background ?? []).map((stage) => waitingForBroker(stage, log)),
      ...consumers,
      listen(server, health, config),
    ]),
  ];
};

/** Waits for the work, but not longer than `ms`. Rejects when the work fails in that time. */
const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // a failure after the timeout is not reported
  }
};

const assertUp = (transport: Transport): void => {
  const status = transport.status();
  if (status.state !== 'up') throw new Error(`${status.state}: ${status.reason}`);
};

/** The same stage, which waits for the broker instead of failing without it. */
const waitingForBroker = ({ name, start }: LifecycleStage, log: Log): LifecycleStage => ({
  name,
  start: (signal) =>
    retryUntilSuccess(`waiting for the broker to start ${name}`, async () => start(signal), {
      log,
      isTransient: isBrokerAway,
      signal,
    }),
});
