import type { Consumer } from '@emporium/bus';
import type { Pause } from '@emporium/store';
import type { Log } from '../log.ts';
import { reasonOf } from '../reason.ts';
import { retryUntilSuccess } from '../retry.ts';

/**
 * The consumer of a subscription that a person may pause, for days. A broker would not wait that long for what a paused consumer
 * has fetched, so that it is stopped, which loses nothing, and resuming subscribes again. Both may be requested at any
 * time: one change is made at a time, until there is a consumer exactly when one is wanted.
 */
export interface PausableConsumer {
  /** Sets whether it is paused. Acts on it once it has started, without waiting for it. */
  set(pause: Pause | undefined): void;
  /**
   * Subscribes, unless it is paused. Waits for a broker that is unavailable, until it is paused or stopped. Rejects when
   * subscribing fails for another reason; later failures are retried.
   */
  start(): Promise<void>;
  /** Stops for good. Does not wait for a subscribing that is under way: what comes of it is stopped. */
  stop(): Promise<void>;
  status(): PausableStatus;
}

export type PausableStatus =
  | ReturnType<Consumer['status']>
  /** The consumer has stopped. */
  | { readonly state: 'paused'; readonly pause: Pause }
  /** It could not be subscribed again after a pause; this is retried. */
  | { readonly state: 'failed'; readonly reason: string };

export interface PausableOptions {
  /** The name of the subscription. */
  readonly name: string;
  readonly subscribe: () => Promise<Consumer>;
  /** Whether it is worth waiting at the start: the broker is unavailable. */
  readonly isTransient: (error: unknown) => boolean;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

export const createPausableConsumer = (options: PausableOptions): PausableConsumer => {
  const { name, subscribe, isTransient, log } = options;
  let pause: Pause | undefined;
  let phase: 'new' | 'starting' | 'started' | 'stopped' = 'new';
  let consumer: Consumer | undefined;
  let changing: Promise<void> | undefined;
  /** Ends the wait between two attempts to subscribe. */
  let subscribing: AbortController | undefined;
  let failure: string | undefined;

  const isWanted = (): boolean => pause === undefined && (phase === 'starting' || phase === 'started');
  const isAsWanted = (): boolean => isWanted() === (consumer !== undefined);

  const tryToSubscribe = async (): Promise<Consumer> => {
    try {
      const subscribed = await subscribe();
      failure = undefined;
      return subscribed;
    } catch (error) {
      failure = isTransient(error) ? undefined : reasonOf(error);
      throw error;
    }
  };

  const open = async (): Promise<void> => {
    subscribing = new AbortController();
    const { signal } = subscribing;
    try {
      consumer = await retryUntilSuccess(`subscribing to ${name}`, tryToSubscribe, {
        log,
        signal,
        isTransient: (error) => signal.aborted || phase === 'started' || isTransient(error),
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      subscribing = undefined;
    }
  };

  const close = async (closing: Consumer): Promise<void> => {
    try {
      await closing.stop();
    } catch (error) {
      log.warn({ subscription: name }, `the consumer did not stop cleanly: ${reasonOf(error)}`); // it delivers nothing any more
    }
    consumer = undefined;
  };

  const change = async (): Promise<void> => {
    try {
      while (!isAsWanted()) await (consumer === undefined ? open() : close(consumer));
    } finally {
      changing = undefined;
    }
  };

  /** One change at a time: the one under way goes on until all is as wanted by then. */
  const adjust = async (): Promise<void> => {
    if (!isWanted()) subscribing?.abort();
    if (isAsWanted()) return;
    changing ??= change();
    await changing;
  };

  return {
    set: (next) => {
      const isSame = (next === undefined) === (pause === undefined);
      pause = next;
      if (isSame || phase === 'stopped') return;
      const facts = { subscription: name, ...(next === undefined ? {} : { by: next.by, since: next.since }) };
      log.info(facts, next === undefined ? 'subscription resumed' : `subscription paused: ${next.reason}`);
      adjust().catch(() => undefined); // at the start, which reports it
    },
    start: async () => {
      phase = 'starting';
      await adjust();
      if (phase === 'starting') phase = 'started';
    },
    stop: async () => {
      phase = 'stopped';
      const isSubscribing = subscribing !== undefined;
      const stopping = adjust();
      if (!isSubscribing) return stopping;
      stopping.catch(() => undefined);
    },
    status: () => {
      if (consumer !== undefined) return consumer.status();
      if (pause !== undefined) return { state: 'paused', pause };
      return failure === undefined ? { state: 'working' } : { state: 'failed', reason: failure };
    },
  };
};
