import type { Transport } from '@emporium/bus';
import type { Contract, Subscription } from '@emporium/contracts';
import type { HostileHeader } from '@emporium/hostile-inputs';

/** The broker of a suite. */
export interface BrokerSource {
  /** Whether it can be started here; otherwise the suite is skipped. */
  readonly available: boolean;
  /** The suite's title, which names the reason when it is skipped. `ownServerFor` of `@emporium/servers` returns both. */
  title(suite: string): string;
  start(): Promise<RunningBroker>;
}

export interface RunningBroker {
  /** An empty namespace (a database, a virtual host) in which the suite declares and removes what it needs. */
  readonly url: string;
  /** Absent when the suite may not stop the server: the cases that need it are skipped. */
  readonly server?: ServerControl;
  /**
   * Writes a message as a third party would: with the broker's own client, into the queue, topic, stream or table of this
   * subscription, with only these headers and this body. A header that the protocol cannot carry is written as text, or left out.
   */
  inject(message: InjectedMessage): Promise<void>;
  /** Removes all topology and messages, as an operator's reset does. The server keeps running, and the url stays the same. */
  wipe(): Promise<void>;
  /** Releases what `start` acquired. */
  stop(): Promise<void>;
}

export interface InjectedMessage {
  readonly subscription: Subscription;
  /** One of the subscription's contracts: its type determines where the message is written. */
  readonly contract: Contract;
  readonly headers: readonly Pick<HostileHeader, 'header' | 'value'>[];
  readonly body: Uint8Array;
}

/** Stops and starts a server. Durable data survives, and the url stays the same. */
export interface ServerControl {
  restart(): Promise<void>;
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown, like a crash. */
  kill(): Promise<void>;
  /** After `stopServer` or `kill`. */
  startServer(): Promise<void>;
}

/** The export `create` of the module under test, which the suite's child processes load as well. */
export type CreateTransport = (url: string) => Transport | Promise<Transport>;

/** Loads `create` from the module of a suite. */
export const loadCreate = async (module: string): Promise<CreateTransport> => {
  const { create } = (await import(/* @vite-ignore */ module)) as { create?: unknown };
  if (typeof create !== 'function') throw new Error(`${module} must export a function 'create(url)'`);
  return create as CreateTransport; // as documented above
};
