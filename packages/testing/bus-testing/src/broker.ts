import type { Transport } from '@emporium/bus';
import type { Contract, Subscription } from '@emporium/contracts';
import type { HostileHeader } from '@emporium/hostile-inputs';

/** Where a suite gets its broker from. */
export interface BrokerSource {
  /** Whether this machine has one; the suite is skipped where it has none. */
  readonly available: boolean;
  /** The suite's title, which names the reason when it is skipped. `ownServerFor` of `@emporium/servers` gives both. */
  title(suite: string): string;
  start(): Promise<RunningBroker>;
}

export interface RunningBroker {
  /** An empty namespace of its own (a database, a virtual host): the suite declares what it likes, and removes it too. */
  readonly url: string;
  /** Absent when the server is not ours to stop: the cases that need it are skipped. */
  readonly server?: ServerControl;
  /**
   * Writes a message as a third party would: with the broker's own client, to where messages for this subscription wait (its
   * queue, topic, stream or table), with these headers and this body alone. A header that the protocol cannot carry as it
   * stands is written as text, or left out.
   */
  inject(message: InjectedMessage): Promise<void>;
  /** Removes all that was declared there and every message, as an operator's reset does. The server goes on, and the url stays. */
  wipe(): Promise<void>;
  /** Gives back what `start` took. */
  stop(): Promise<void>;
}

export interface InjectedMessage {
  readonly subscription: Subscription;
  /** One of those that the subscription listens to: its type decides where it goes. */
  readonly contract: Contract;
  readonly headers: readonly Pick<HostileHeader, 'header' | 'value'>[];
  readonly body: Uint8Array;
}

/** Durable data survives all of this, and the url stays the same. */
export interface ServerControl {
  restart(): Promise<void>;
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown: what a crash does. */
  kill(): Promise<void>;
  /** After `stopServer` or `kill`. */
  startServer(): Promise<void>;
}

/** What the module under test exports as `create`. The same module is loaded by the suite's child processes. */
export type CreateTransport = (url: string) => Transport | Promise<Transport>;

/** Loads `create` from the module of a suite. */
export const loadCreate = async (module: string): Promise<CreateTransport> => {
  const { create } = (await import(/* @vite-ignore */ module)) as { create?: unknown };
  if (typeof create !== 'function') throw new Error(`${module} must export a function 'create(url)'`);
  return create as CreateTransport; // its type is the contract of the module, stated above
};
