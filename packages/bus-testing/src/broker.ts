import type { Transport } from '@emporium/bus';

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
  /** Gives back what `start` took. */
  stop(): Promise<void>;
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
