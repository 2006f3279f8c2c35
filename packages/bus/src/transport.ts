import type { Kind, Registry, ServiceName, Subscription } from '@emporium/contracts';
import type { Fault } from './errors.ts';

/**
 * The adapter to one broker. It never decodes a body: any bytes pass unchanged. Delivery is at least once; the inbox drops
 * duplicates.
 */
export interface Transport {
  /** `postgres`, `rabbitmq`, …: for logs, metrics and health. */
  readonly name: string;

  /**
   * Returns one result per message, in order, and does not throw. `accepted` means that the broker has stored the message durably
   * for every declared subscription. `refused`: the connection was lost, no declared subscription takes a command or a `mandatory`
   * event, the body is over `maxBodyBytes`, or the broker refused it. While the broker is away the call waits for a bounded time
   * before it refuses.
   *
   * Where the exchange, topic or stream of an event is missing it is declared, if the user has the right to; otherwise the event
   * is refused. Messages of one call are sent to the broker in order; a later one may be accepted although an earlier one was
   * refused. Publishing again with the same ids is always safe.
   */
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;

  /**
   * Publishes to this subscription only, with the same guarantees as `publish`. Used for replays and backfills, so that no other
   * subscription gets the message twice. The attempts start again at one.
   */
  sendTo(subscription: Subscription, message: TransportMessage): Promise<PublishResult>;

  /**
   * Starts delivering, with at most `limits.concurrency` unsettled deliveries. Instances of one subscription share its messages;
   * what an instance left unsettled when it crashed is delivered again. The subscription is declared where it is missing, and
   * again within `redeclareMs` when it goes missing later. Reconnects automatically.
   *
   * In an ordered subscription the messages of one partition are delivered to one instance, one at a time, in the order of
   * publishing; a message in retry blocks its partition.
   */
  subscribe(subscription: Subscription, deliver: Deliver, limits: Limits): Promise<Consumer>;

  /**
   * Consumes the dead letters of all subscriptions: one is removed when `deliver` resolves, and delivered again when it rejects.
   * Instances share them.
   */
  consumeDeadLetters(deliver: (deadLetter: DeadLetter) => Promise<void>): Promise<Consumer>;

  /** The queues, topics and bindings that the registry implies on this broker. */
  topology(registry: Registry): Topology;

  /**
   * What waits for the subscriptions of the registry: one entry for each that is declared on the broker, in no order. Only reads: no
   * message is moved, locked or counted as delivered, and no topology is declared. The figures of different subscriptions are not of
   * the same moment, and may be five seconds old. Rejects with `bus.broker_away` when the broker does not answer within
   * `queuesTimeoutMs`.
   */
  queues(registry: Registry): Promise<readonly QueueFigures[]>;

  /** Whether the broker can be used right now, for health checks. Never blocks. */
  status(): TransportStatus;

  /** Waits for publishes in flight, stops the consumers and disconnects. Safe to call twice. */
  close(): Promise<void>;
}

/** The largest body of a transport, in bytes. Well over a contract's 64 KiB, so that big messages of third parties can be dead-lettered. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** How much of a body over `maxBodyBytes` a dead letter keeps, in bytes from its beginning. */
export const truncatedBodyBytes = 64 * 1024;

/** The time in milliseconds within which a running consumer declares again what a reset of its broker removed. */
export const redeclareMs = 15_000;

/**
 * The time in milliseconds within which `queues` resolves or rejects. A broker that needs longer counts as away. Clearly less than the
 * second after which a scrape gives a gauge up: a broker that is away must be told as such, and not be missing.
 */
export const queuesTimeoutMs = 700;

/** What waits for one subscription on its broker. Dead letters do not count. */
export interface QueueFigures {
  /** The name of the subscription. */
  readonly subscription: string;
  /**
   * Messages that no instance has: not delivered yet, or waiting for their next attempt. Where `unacked` is absent those in
   * progress are in this number. ADR 81 says what each broker cannot tell apart.
   */
  readonly waiting: number;
  /** Messages that an instance of the subscription has and has not settled; some brokers hand them out ahead. Absent where the broker does not know. */
  readonly unacked?: number;
  /** How long the oldest message has been on the broker, in seconds. A retry may begin it anew. Absent for an empty queue, and where the broker does not know. */
  readonly oldestAgeSeconds?: number;
}

export interface TransportMessage {
  /** Identifies the message for the inbox. It stays the same through retries, replays and a second publish. */
  readonly id: string;
  /** The contract's wire type; the routing key is made from it. */
  readonly type: string;
  /** Determines the partition: messages with the same key keep their order in an ordered subscription. */
  readonly key: string;
  readonly body: Uint8Array;
}

export interface OutgoingMessage extends TransportMessage {
  readonly kind: Kind;
  readonly owner: ServiceName;
  /** An event that is refused where the broker has no subscription that takes it. Commands are always mandatory. */
  readonly mandatory?: boolean;
  /** An open stream: the broker's topic is named after the type, and contains key and body without headers of ours. */
  readonly open?: boolean;
}

export type PublishResult =
  | { readonly status: 'accepted' }
  | { readonly status: 'refused'; readonly error: Fault };

/**
 * Called once per delivery. When it rejects before settling, the delivery is retried after the shortest delay. When it
 * resolves before settling (the pipeline does so only while its consumer stops), the delivery is no longer in progress and stays
 * un-acked: it is delivered again after the consumer has stopped, without counting an attempt.
 */
export type Deliver = (delivery: Delivery) => Promise<void>;

/**
 * One delivery of a message to one instance. It ends with exactly one of `ack`, `retry` and `deadLetter`; further calls do
 * nothing. Each resolves when the broker has confirmed it, and rejects when that is unknown: the message is delivered again then.
 */
export interface Delivery extends TransportMessage {
  /** From 1. Counts retries, not redeliveries after a crash. */
  readonly attempt: number;
  /** Its position on the broker, for people: `sensor_data/3/1207`. Absent on brokers without positions. */
  readonly position?: string;
  /**
   * Why the transport could not read it whole: it is over `maxBodyBytes`, or cannot be decoded. `body` is its beginning then.
   * It can only be dead-lettered; `ack` does so, too, with this reason.
   */
  readonly unreadable?: DeadLetterReason;
  /** Aborted when the consumer stops waiting for it during `stop`: it stays un-acked unless it was settled before. */
  readonly signal: AbortSignal;
  ack(): Promise<void>;
  /** Delivers it to this subscription again, after `delayMs` at the earliest and at most one delay tier later. */
  retry(delayMs: number): Promise<void>;
  /** Moves the message to the dead letters, with its original bytes. */
  deadLetter(reason: DeadLetterReason): Promise<void>;
}

export interface DeadLetterReason {
  /** From an error catalogue: `bus.invalid_message`. */
  readonly code: string;
  /** For people; at most 500 characters. */
  readonly message: string;
}

export interface DeadLetter extends TransportMessage {
  /** The name of the subscription that could not handle it. */
  readonly subscription: string;
  readonly reason: DeadLetterReason;
  /** The number of attempts that failed. */
  readonly attempts: number;
  /** RFC 3339. */
  readonly failedAt: string;
  /** The message's position on the broker, for people. */
  readonly position?: string;
  /**
   * The size in bytes of a body that was over `maxBodyBytes`. `body` is the first `truncatedBodyBytes` of it, and the message
   * cannot be replayed.
   */
  readonly truncatedFrom?: number;
}

export interface Limits {
  /** The maximum number of unsettled deliveries in this consumer. */
  readonly concurrency: number;
}

/** `stuck`: it has made no progress for a while although the broker is available; `position` is that of the message. */
export type ConsumerStatus =
  | { readonly state: 'working' }
  | {
      readonly state: 'stuck';
      /** RFC 3339. */
      readonly since: string;
      readonly reason: string;
      readonly position?: string;
    };

export interface Consumer {
  /** Whether messages are handled and settled, for health checks. Never blocks. */
  status(): ConsumerStatus;
  /** Starts no new delivery. Those in progress continue. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Starts no new delivery and waits for those in progress for up to `timeoutMs` (default 5,000); then aborts their signals and
   * leaves them un-acked, to be delivered again. Safe to call twice.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

export interface Topology {
  /** Returns what `apply` and `prune` would change, and changes nothing. */
  diff(): Promise<TopologyChange[]>;
  /** Declares what is missing and returns the changes. Removes nothing. Safe to repeat, and from several processes at once. */
  apply(): Promise<TopologyChange[]>;
  /** Removes what the registry no longer implies, where it is empty, and returns the changes. */
  prune(): Promise<TopologyChange[]>;
}

export interface TopologyChange {
  /** `conflict`: it exists with other arguments, and is left unchanged. */
  readonly action: 'create' | 'remove' | 'conflict';
  /** `queue order.replies`, `binding order.replies <- stock.reserved`, … */
  readonly what: string;
  readonly detail?: string;
}

export type TransportStatus =
  | { readonly state: 'up' }
  /** `blocked`: connected, but the broker takes no publishes (memory or disk alarm). */
  | { readonly state: 'away' | 'blocked'; readonly reason: string };

/**
 * The delays in milliseconds of brokers that need a queue per delay. A retry waits in the first tier that is not shorter than its
 * delay; one that is longer than the last tier goes through it several times.
 */
export const delayTiers = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 60_000] as const;
