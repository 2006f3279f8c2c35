import type { Contract, ServiceName } from './define.ts';

/** How a failed delivery is tried again: exponential backoff, of which half is jitter, then the dead letters. */
export interface RetryPolicy {
  /** Deliveries in all, the first one included. */
  readonly attempts: number;
  /** Upper bound of the first delay, in milliseconds; it doubles with each attempt. */
  readonly firstDelayMs: number;
  /** Upper bound of every delay, in milliseconds. */
  readonly maxDelayMs: number;
}

/** For work that others wait for: six attempts within about three seconds, shorter than every deadline of a saga. */
export const quick: RetryPolicy = { attempts: 6, firstDelayMs: 100, maxDelayMs: 2_000 };

/** For work that can wait for the outside world: six attempts within about half a minute. */
export const patient: RetryPolicy = { attempts: 6, firstDelayMs: 1_000, maxDelayMs: 15_000 };

/** One service's durable interest in a set of contracts; the instances of the service share it. */
export interface Subscription {
  /** `<service>.<what>`; the queue or group on every broker has this name. */
  readonly name: string;
  readonly service: ServiceName;
  readonly to: readonly Contract[];
  /** Order per key: one delivery at a time of each partition, and a message in retry holds its partition. */
  readonly ordered: boolean;
  readonly retry: RetryPolicy;
}

/** What carries a subscription's messages: the shop's bus (`BUS_URL`), or the broker of the open streams (`STREAM_URL`). */
export type Carrier = 'bus' | 'stream';

export const carrierOf = ({ codec }: Contract): Carrier => (codec.kind === 'json' ? 'stream' : 'bus');

/** A subscription to an open stream listens to nothing else. */
export const isOfStream = ({ to }: Pick<Subscription, 'to'>): boolean =>
  to.some((contract) => carrierOf(contract) === 'stream');

interface SubscriptionDefinition {
  readonly to: readonly Contract[];
  readonly retry: RetryPolicy;
  readonly ordered?: boolean;
}

/** Declares that the service before the dot listens to these contracts. */
export const subscription = (
  name: `${ServiceName}.${string}`,
  { to, retry, ordered = false }: SubscriptionDefinition,
): Subscription => ({ name, service: name.slice(0, name.indexOf('.')) as ServiceName, to, ordered, retry });
