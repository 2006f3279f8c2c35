export const serverKinds = ['postgres', 'rabbitmq', 'redis', 'kafka'] as const;

export type ServerKind = (typeof serverKinds)[number];

/** A server that may be stopped and killed. Durable data survives that, and the url stays the same. */
export interface OwnServer {
  /** The superuser's url (PostgreSQL: of the database `postgres`). */
  readonly url: string;
  /** Starts it again after `stopServer` or `kill`. */
  startServer(): Promise<void>;
  /** A clean shutdown. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown, like a crash. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** Removes everything on it, as an operator's reset does. Absent where the kind has no command for it, and in a container. */
  wipe?(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}
