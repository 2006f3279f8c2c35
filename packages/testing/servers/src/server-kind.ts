export const serverKinds = ['postgres', 'rabbitmq', 'redis', 'kafka'] as const;

export type ServerKind = (typeof serverKinds)[number];

/** A server that whoever started it may stop and kill. Durable data survives that, and the url stays the same. */
export interface OwnServer {
  /** A superuser's (PostgreSQL: of the database `postgres`). */
  readonly url: string;
  /** Starts it again after `stopServer` or `kill`. */
  startServer(): Promise<void>;
  /** A clean shutdown. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown: what a crash does. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** Removes all that is on it, as an operator's reset does. Absent where the kind has no command for it, and in a container. */
  wipe?(): Promise<void>;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
}
