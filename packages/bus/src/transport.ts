import type { Kind, Registry, ServiceName, Subscription } from '@emporium/contracts';
import type { Fault } from './errors.ts';

/**
 * The adapter to one broker. It moves bytes: it never decodes a body, and any bytes pass unchanged.
 * Delivery is at least once; the inbox makes the effect happen once.
 */
export interface Transport {
  /** `postgres`, `rabbitmq`, …: for logs, metrics and health. */
  readonly name: string;

  /**
   * One result per message, in order. `accepted` means that the broker durably owns the message for every declared
   * subscription, and is never reported earlier. A lost connection, a command or a `mandatory` event that no declared
   * subscription takes, a body over `maxBodyBytes` or a refusal of the broker gives `refused`; the call itself does not throw.
   * While the broker is away it waits for it up to a bound, then refuses. What the owner of an event needs on the broker
   * (exchange, topic, stream) is declared where it is missing, if this user may; else the event is refused. Messages of one call are handed to the broker in their order; a later message
   * may be accepted although an earlier one was refused. Publishing again with the same ids is always safe.
   */
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;

  /**
   * Reaches this subscription alone, with the same guarantee as `publish`. Replays use it, so that nobody else sees the
   * message twice. The attempts start again at one.
   */
  sendTo(subscription: Subscription, message: TransportMessage): Promise<PublishResult>;

  /**
   * Starts delivering, with at most `limits.concurrency` unsettled deliveries. Instances that subscribe to the same
   * subscription share it. What an instance left unsettled when it crashed is delivered again. Declares the subscription
   * where it is missing, and again within `redeclareMs` when it goes missing later. Reconnects by itself. For an ordered subscription, deliveries of one partition come one at a
   * time, in the order of publishing, to one instance; a delivery in retry holds its partition.
   */
  subscribe(subscription: Subscription, deliver: Deliver, limits: Limits): Promise<Consumer>;

  /**
   * Drains the dead-letter channel of all subscriptions: a dead letter is removed when `deliver` resolves, and comes again
   * when it rejects. Instances share the channel.
   */
  consumeDeadLetters(deliver: (letter: DeadLetter) => Promise<void>): Promise<Consumer>;

  /** What the registry implies on this broker, to be compared, applied and pruned. */
  topology(registry: Registry): Topology;

  /** Whether the broker can be used right now; for health. Never blocks. */
  status(): TransportStatus;

  /** Waits for publishes in flight, stops the consumers, and disconnects. Safe to call twice. */
  close(): Promise<void>;
}

/** The largest body a transport takes, in bytes. Well over the 64 KiB of a contract: what third parties send is dead-lettered, not lost. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** What a dead letter keeps of a body over `maxBodyBytes`, in bytes from its beginning. */
export const truncatedBodyBytes = 64 * 1024;

/** Within so long, in milliseconds, a running consumer declares again what a reset of its broker removed. */
export const redeclareMs = 15_000;

export interface TransportMessage {
  /** Identity for the inbox: the same message keeps it through retries, replays and a second publish. */
  readonly id: string;
  /** The contract's wire type; the routing key is made from it. */
  readonly type: string;
  /** Decides the partition; messages with the same key keep their order in an ordered subscription. */
  readonly key: string;
  readonly body: Uint8Array;
}

export interface OutgoingMessage extends TransportMessage {
  readonly kind: Kind;
  readonly owner: ServiceName;
  /** Of an event: registered subscriptions listen to it, so that it is refused where the broker has none of them. A command is always mandatory. */
  readonly mandatory?: boolean;
  /** Of an open stream: the broker's topic has the name of the type, and holds key and body and nothing of ours. */
  readonly open?: boolean;
}

export type PublishResult =
  | { readonly status: 'accepted' }
  | { readonly status: 'refused'; readonly error: Fault };

/**
 * Called once per delivery. When it rejects before settling, the delivery is retried after the shortest delay. When it
 * resolves before settling, which the pipeline does only while its consumer stops, the delivery stays un-acked: it is no
 * longer in progress, and is delivered again once the consumer has stopped, without counting an attempt.
 */
export type Deliver = (delivery: Delivery) => Promise<void>;

/**
 * One handing of a message to one instance. It ends in exactly one of `ack`, `retry` and `deadLetter`; a further call does
 * nothing. Each resolves when the broker has it, and rejects when that cannot be known: then the message comes again.
 */
export interface Delivery extends TransportMessage {
  /** 1 for the first. Counts retries, not redeliveries after a crash. */
  readonly attempt: number;
  /** Where the broker has it, for people: `sensor_data/3/1207` on a log. Absent where a broker tells none. */
  readonly position?: string;
  /**
   * Why the transport cannot hand it over whole: over `maxBodyBytes`, or not to be decoded. `body` is the beginning of it then.
   * It can only be set aside: `ack` does that as well, with this reason.
   */
  readonly unreadable?: DeadLetterReason;
  /** Aborted when the consumer stops without waiting any longer: what is unsettled then stays un-acked. */
  readonly signal: AbortSignal;
  ack(): Promise<void>;
  /** Delivers it again to this subscription, never earlier than `delayMs`, and at most one delay tier later. */
  retry(delayMs: number): Promise<void>;
  /** Sets the message aside with its original bytes. */
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
  /** Deliveries that were tried. */
  readonly attempts: number;
  /** RFC 3339. */
  readonly failedAt: string;
  /** Where the broker had the message, for people. */
  readonly position?: string;
  /**
   * The size in bytes of a body that was over `maxBodyBytes`: `body` holds the first `truncatedBodyBytes` of it, and the
   * message cannot be replayed.
   */
  readonly truncatedFrom?: number;
}

export interface Limits {
  /** Unsettled deliveries at one time, in this consumer. */
  readonly concurrency: number;
}

/** `stuck`: it has made no progress for a while, by no fault of the broker's availability; `position` names the message. */
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
  /** Whether messages reach their handler and are settled; for health. Never blocks. */
  status(): ConsumerStatus;
  /** No new delivery starts; those in progress go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * No new delivery starts; waits for those in progress up to `timeoutMs` (default 5,000), then aborts their signals and
   * leaves them un-acked, to be delivered again. Loses none. Safe to call twice.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

export interface Topology {
  /** What `apply` and `prune` would change. Changes nothing. */
  diff(): Promise<TopologyChange[]>;
  /** Declares what is missing and gives what it did. Never removes. Safe to repeat, and from several processes at once. */
  apply(): Promise<TopologyChange[]>;
  /** Removes what the registry no longer implies, if it is empty, and gives what it did. */
  prune(): Promise<TopologyChange[]>;
}

export interface TopologyChange {
  /** `conflict`: it exists with other arguments; it is left as it is, and works on. */
  readonly action: 'create' | 'remove' | 'conflict';
  /** `queue order.replies`, `binding order.replies <- stock.reserved`, … */
  readonly what: string;
  readonly detail?: string;
}

export type TransportStatus =
  | { readonly state: 'up' }
  /** `blocked`: connected, and the broker takes no publishes (memory or disk alarm). */
  | { readonly state: 'away' | 'blocked'; readonly reason: string };

/**
 * Delays that a broker with queues per delay offers, in milliseconds. A retry waits in the first tier that is not shorter
 * than what was asked; beyond the last one it goes round again.
 */
export const delayTiers = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 60_000] as const;
