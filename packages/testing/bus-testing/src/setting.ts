import type { Transport } from '@emporium/bus';
import { createRegistry, type Registry, type Subscription } from '@emporium/contracts';
import type { TestContext } from 'vitest';
import type { CreateTransport, RunningBroker, ServerControl } from './broker.ts';
import { type Behaviour, type ConsumerProcess, startConsumerProcess } from './consumer-process.ts';

/** What a case has to work with. Everything it opened is closed at its end, whatever became of it. */
export interface Setting {
  /** Another instance: a transport of its own. */
  connect(): Promise<Transport>;
  /** Declares the subscriptions and what they listen to, as `topology apply` does before anyone publishes. */
  declare(...subscriptions: readonly Subscription[]): Promise<Registry>;
  /** Another process that subscribes; ready when this resolves. */
  spawnConsumer(subscription: Subscription, behaviour: Behaviour): Promise<ConsumerProcess>;
  /** The broker's server, to be stopped and started; skips the case where it is not ours. */
  server(): ServerControl;
  /** Writes a message as a third party would. */
  inject: RunningBroker['inject'];
  /** Removes all that was declared and every message. */
  wipe: RunningBroker['wipe'];
}

export type Case = (setting: Setting) => Promise<void>;

/** Each title is a sentence about behaviour. */
export type Cases = Readonly<Record<string, Case>>;

interface Frame {
  readonly context: TestContext;
  readonly running: RunningBroker;
  readonly create: CreateTransport;
  readonly module: URL;
  readonly run: Case;
}

export const withSetting = async ({ context, running, create, module, run }: Frame): Promise<void> => {
  const opened: Transport[] = [];
  const processes: ConsumerProcess[] = [];

  const connect = async (): Promise<Transport> => {
    const transport = await create(running.url);
    opened.push(transport);
    return transport;
  };

  try {
    await run({
      connect,
      declare: async (...subscriptions) => {
        const registry = registryOf(subscriptions);
        const transport = await connect();
        await transport.topology(registry).apply();
        return registry;
      },
      spawnConsumer: async (subscription, behaviour) => {
        const consumer = await startConsumerProcess({ module, url: running.url, subscription, behaviour });
        processes.push(consumer);
        return consumer;
      },
      server: () => running.server ?? context.skip('the server of this url cannot be stopped from here'),
      inject: running.inject,
      wipe: running.wipe,
    });
  } finally {
    await Promise.all(processes.map((consumer) => consumer.kill()));
    await Promise.all(opened.map((transport) => transport.close()));
  }
};

/** A registry of these subscriptions and every contract that they name. */
export const registryOf = (subscriptions: readonly Subscription[]): Registry =>
  createRegistry({ subscriptions, contracts: [...new Set(subscriptions.flatMap(({ to }) => to))] });
