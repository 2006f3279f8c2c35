import type { Transport } from '@emporium/bus';
import { type Contract, createRegistry, type Registry, type Subscription } from '@emporium/contracts';
import type { TestContext } from 'vitest';
import type { CreateTransport, RunningBroker, ServerControl } from './broker.ts';
import { type Behaviour, type ConsumerProcess, startConsumerProcess } from './consumer-process.ts';
import { anEvent, anOrderedSubscription, aSubscription } from './fixtures.ts';

/** What a case can use. Everything that it opened is closed at its end, also when it failed. */
export interface CaseContext {
  /** Opens another instance: a new transport. */
  connect(): Promise<Transport>;
  /** Applies the topology of these subscriptions and their contracts. */
  declare(...subscriptions: readonly Subscription[]): Promise<Registry>;
  /** Declares a new event and a subscription to it. */
  declareEvent(): Promise<DeclaredEvent>;
  /** Declares a new event and an ordered subscription to it. */
  declareOrderedEvent(): Promise<DeclaredEvent>;
  /** Starts another process that subscribes. Resolves when it is ready. */
  spawnConsumer(subscription: Subscription, behaviour: Behaviour): Promise<ConsumerProcess>;
  /** The broker's server, to be stopped and started. Skips the case where that is not possible. */
  server(): ServerControl;
  /** Writes a message as a third party would. */
  inject: RunningBroker['inject'];
  /** Removes all topology and messages. */
  wipe: RunningBroker['wipe'];
}

interface DeclaredEvent {
  readonly happened: Contract;
  readonly subscription: Subscription;
}

export type Case = (context: CaseContext) => Promise<void>;

/** Cases by title. A title is a sentence about behaviour. */
export type Cases = Readonly<Record<string, Case>>;

interface CaseOptions {
  readonly context: TestContext;
  readonly running: RunningBroker;
  readonly create: CreateTransport;
  readonly module: URL;
  readonly run: Case;
}

export const runCase = async ({ context, running, create, module, run }: CaseOptions): Promise<void> => {
  const opened: Transport[] = [];
  const processes: ConsumerProcess[] = [];

  const connect = async (): Promise<Transport> => {
    const transport = await create(running.url);
    opened.push(transport);
    return transport;
  };

  const declare = async (...subscriptions: readonly Subscription[]): Promise<Registry> => {
    const registry = registryOf(subscriptions);
    const transport = await connect();
    await transport.topology(registry).apply();
    return registry;
  };

  const declareEvent = async (subscribe: (to: Contract) => Subscription): Promise<DeclaredEvent> => {
    const happened = anEvent();
    const subscription = subscribe(happened);
    await declare(subscription);
    return { happened, subscription };
  };

  try {
    await run({
      connect,
      declare,
      declareEvent: () => declareEvent(aSubscription),
      declareOrderedEvent: () => declareEvent(anOrderedSubscription),
      spawnConsumer: async (subscription, behaviour) => {
        const consumer = await startConsumerProcess({ module, url: running.url, subscription, behaviour });
        processes.push(consumer);
        return consumer;
      },
      server: () => running.server ?? context.skip('this server cannot be stopped by the suite'),
      inject: running.inject,
      wipe: running.wipe,
    });
  } finally {
    await Promise.all(processes.map((consumer) => consumer.kill()));
    await Promise.all(opened.map((transport) => transport.close()));
  }
};

/** A registry of these subscriptions and all their contracts. */
export const registryOf = (subscriptions: readonly Subscription[]): Registry =>
  createRegistry({ subscriptions, contracts: [...new Set(subscriptions.flatMap(({ to }) => to))] });
