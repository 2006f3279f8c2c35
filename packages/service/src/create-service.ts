import { type Consumer, consume, Fault, type Transport, type Unreadable } from '@emporium/bus';
import { type Carrier, isOfStream, type ServiceName, type Subscription, shop } from '@emporium/contracts';
import type { Handler, Migrations, Retention, Store } from '@emporium/store';
import { createHealth, type Health } from './health.ts';
import { listen } from './http/listen.ts';
import { createHttpServer, type Routes } from './http/server.ts';
import { type Step, stoppedTogether } from './lifecycle.ts';
import type { Log } from './log.ts';
import { patiently } from './patiently.ts';
import type { ServiceConfig } from './settings.ts';
import { createTokenVerifier } from './tokens.ts';
import { createTransport } from './transport.ts';

/** What a service is made of; the composition root fills it in. */
export interface ServiceDefinition<DB> {
  /** For the title of its API. */
  readonly description: string;
  readonly migrations: Migrations;
  readonly routes?: readonly Routes[];
  /** By the subscription's name: what becomes of its messages. */
  readonly subscriptions?: Readonly<Record<string, readonly Handler<DB>[]>>;
  /** By the subscription's name: told of a message that cannot be read, before it becomes a dead letter. */
  readonly unreadable?: Readonly<Record<string, (unreadable: Unreadable) => Promise<void>>>;
  /** Started after the relay and before the subscriptions; stopped in reverse order. */
  readonly background?: readonly Step[];
  readonly retention?: readonly Retention[];
}

/** What a composition root builds its handlers and routes on. */
export interface Parts<DB> {
  readonly store: Store<DB>;
  readonly transport: Transport;
  /** Of the open streams: the one of the bus where `STREAM_URL` is not given or the same. */
  readonly stream: Transport;
  readonly health: Health;
  readonly log: Log;
}

interface Flow {
  /** Unsettled deliveries of one subscription in one process. */
  readonly concurrency: number;
  /** Of them, those that share a transaction, at most. */
  readonly groupSize: number;
}

/** A stream brings many small messages, of which none is waited for. */
const flows: Readonly<Record<Carrier, Flow>> = {
  bus: { concurrency: 100, groupSize: 50 },
  stream: { concurrency: 1_000, groupSize: 500 },
};

/** For goodbyes to a broker or a database, in milliseconds: nothing that is left by then would be lost. */
const goodbyeMs = 1_000;

/**
 * The ordered start of a service: database and migrations, relay, background work, subscriptions, HTTP. It drains in reverse:
 * no new requests and no new deliveries, all at one time, then what is committed is published. A database or a broker that is
 * not there yet is waited for. A broker that is away later degrades the service: the outbox keeps what it would take.
 */
export const createService = async <DB>(
  name: ServiceName,
  config: ServiceConfig & { readonly STREAM_URL?: string | undefined },
  log: Log,
  define: (parts: Parts<DB>) => ServiceDefinition<DB>,
): Promise<readonly Step[]> => {
  // Loaded here: it takes 18 MB, and processes without a database share this package.
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
  const parts: Parts<DB> = { store, transport, stream, health, log };
  const definition = define(parts);
  health.add('database', () => store.probe());
  health.add('broker', () => assertUp(transport), { degrades: true });
  if (stream !== transport) health.add('stream', () => assertUp(stream), { degrades: true });
  const consumers = bind(name, definition, parts);
  const server = await createHttpServer({
    log,
    api: { title: name, description: definition.description },
    health,
    tokens: createTokenVerifier(config.JWT_PUBLIC_KEY),
    routes: definition.routes ?? [],
  });

  return [
    {
      name: 'database',
      start: async (signal) => {
        await patiently('waiting for the database', () => store.probe(), { log, signal });
        await store.migrate(definition.migrations);
        return () => within(goodbyeMs, store.close());
      },
    },
    {
      name: 'broker',
      start: () => async () => {
        await within(goodbyeMs, Promise.all([transport, stream].map((each) => each.close())));
      },
    },
    { name: 'relay', start: () => relayStep(store, transport) },
    {
      name: 'retention',
      start: () => {
        const retention = store.startRetention(definition.retention);
        return () => retention.stop();
      },
    },
    stoppedTogether('work', [
      ...[...(definition.background ?? []), ...consumers].map((step) => waitingForBroker(step, log)),
      listen(server, health, config),
    ]),
  ];
};

/** Resolves with the work, or after so many milliseconds. Rejects when the work does by then. */
const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // nobody waits for it any more
  }
};

const relayStep = <DB>(store: Store<DB>, transport: Transport) => {
  const relay = store.startRelay(transport);
  return () => relay.stop();
};

const assertUp = (transport: Transport): void => {
  const status = transport.status();
  if (status.state !== 'up') throw new Error(`${status.state}: ${status.reason}`);
};

/** One step a subscription of the service. Throws when one has no handlers, or handlers have no subscription. */
const bind = <DB>(name: ServiceName, definition: ServiceDefinition<DB>, parts: Parts<DB>): Step[] => {
  const { subscriptions = {}, unreadable = {} } = definition;
  const registered = shop.subscriptions.filter(({ service }) => service === name);
  const unknown = Object.keys({ ...subscriptions, ...unreadable }).filter(
    (each) => !registered.some((known) => known.name === each),
  );
  if (unknown.length > 0) throw new Error(`${name} has no subscription ${unknown.join(', ')}`);
  return registered.map((subscription) => {
    const handlers = subscriptions[subscription.name];
    if (handlers === undefined) throw new Error(`${subscription.name} has no handlers`);
    return consuming(subscription, handlers, unreadable[subscription.name], parts);
  });
};

const consuming = <DB>(
  subscription: Subscription,
  handlers: readonly Handler<DB>[],
  onUnreadable: ((unreadable: Unreadable) => Promise<void>) | undefined,
  { store, transport, stream, health, log }: Parts<DB>,
): Step => {
  const carrier: Carrier = isOfStream(subscription) ? 'stream' : 'bus';
  const { concurrency, groupSize } = flows[carrier];
  const { run, handles } = store.runner(subscription, handlers, { groupSize });
  let consumer: Consumer | undefined;
  health.add(subscription.name, () => assertWorking(consumer));
  return {
    name: subscription.name,
    start: async () => {
      const started = await consume({
        transport: carrier === 'stream' ? stream : transport,
        registry: shop,
        subscription,
        handles,
        run,
        ...(onUnreadable === undefined ? {} : { onUnreadable }),
        probe: () => store.probe(),
        limits: { concurrency },
        log,
      });
      consumer = started;
      return () => started.stop();
    },
  };
};

const assertWorking = (consumer: Consumer | undefined): void => {
  const status = consumer?.status() ?? { state: 'working' };
  if (status.state === 'working') return;
  const { since, reason, position = 'an unknown position' } = status;
  throw new Error(`no progress since ${since} at ${position}: ${reason}`);
};

/** The same step, which does not fail because the broker is away: it is started again until the broker is there. */
const waitingForBroker = ({ name, start }: Step, log: Log): Step => ({
  name,
  start: (signal) =>
    patiently(`waiting for the broker to start ${name}`, async () => start(signal), {
      log,
      passes: isAway,
      signal,
    }),
});

const isAway = (error: unknown): boolean => error instanceof Fault && error.code === 'bus.broker_away';
