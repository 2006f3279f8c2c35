import type { Contract, ServiceName } from './define.ts';

/** How a failed delivery is retried: with exponential backoff, of which half is jitter, then it is dead-lettered. */
export interface RetryPolicy {
  /** The maximum number of attempts, the first one included. */
  readonly attempts: number;
  /** Upper bound of the first delay, in milliseconds; it doubles with each attempt. */
  readonly firstDelayMs: number;
  /** Upper bound of every delay, in milliseconds. */
  readonly maxDelayMs: number;
}

/** For work that others wait for: six attempts within about three seconds, less than every deadline of a saga. */
export const quick: RetryPolicy = { attempts: 6, firstDelayMs: 100, maxDelayMs: 2_000 };

/** For calls to the outside world: six attempts within about half a minute. */
export const patient: RetryPolicy = { attempts: 6, firstDelayMs: 1_000, maxDelayMs: 15_000 };

/** One service's durable interest in a set of contracts. Its instances share the messages. */
export interface Subscription {
  /** `<service>.<what>`; the queue or group on every broker has this name. */
  readonly name: string;
  readonly service: ServiceName;
  readonly to: readonly Contract[];
  /** Keeps the order per key: one delivery at a time in each partition, and a message in retry blocks its partition. */
  readonly ordered: boolean;
  /**
   * Its handlers are safe with events of any age, in any order, however often they come, without the help of the inbox: the owners of
   * the events may publish their history to it (`npm run topology -- backfill`).
   */
  readonly backfill: boolean;
  readonly retry: RetryPolicy;
}

/** The broker of a subscription's messages: the shop's bus (`BUS_URL`), or that of the open streams (`STREAM_URL`). */
export type Carrier = 'bus' | 'stream';

export const carrierOf = ({ codec }: Contract): Carrier => (codec.kind === 'json' ? 'stream' : 'bus');

/** Whether this is a subscription to an open stream, which lists nothing else. */
export const isOfStream = ({ to }: Pick<Subscription, 'to'>): boolean =>
  to.some((contract) => carrierOf(contract) === 'stream');

interface SubscriptionDefinition {
  readonly to: readonly Contract[];
  readonly retry: RetryPolicy;
  readonly ordered?: boolean;
  readonly backfill?: boolean;
}

/** Defines a subscription of the service before the dot. Unordered by default. */
export const subscription = (
  name: `${ServiceName}.${string}`,
  { to, retry, ordered = false, backfill = false }: SubscriptionDefinition,
): Subscription => ({
  name,
  service: name.slice(0, name.indexOf('.')) as ServiceName,
  to,
  ordered,
  backfill,
  retry,
});
