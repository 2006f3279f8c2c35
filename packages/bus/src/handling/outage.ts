import { Fault, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { subscriptionPaused } from '../metrics.ts';
import type { Consumer } from '../transport.ts';

/**
 * Keeps deliveries waiting while our database or broker is away. The consumer is paused once, however many deliveries wait,
 * and resumed when the probe succeeds.
 */
export interface Outage {
  /** Sets the consumer to pause and resume. Deliveries may already be waiting. */
  control(consumer: Consumer): Promise<void>;
  /**
   * Resolves with true when the delivery should be tried again, and with false when the consumer stops or `signal` is aborted.
   * `waits` is how often this delivery has waited before: the delay grows with it, so that a probe which succeeds too early
   * makes no busy loop.
   */
  wait(fault: unknown, signal: AbortSignal, waits: number): Promise<boolean>;
  /** A delivery was handled: the outage is over. Logs one line; the other one was logged when the outage began. */
  succeeded(): void;
  /** Pauses the consumer until `resume`, also when the outage ends before. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends every wait; the deliveries stay un-acked. */
  stop(): void;
}

/** Shortest and longest wait before a probe, in milliseconds; between them it doubles. */
const firstProbeDelayMs = 100;
const maxProbeDelayMs = 2_000;

interface OutageOptions {
  readonly subscription: string;
  readonly probe: () => Promise<void>;
  readonly log: Log;
}

export const createOutage = ({ subscription, probe, log }: OutageOptions): Outage => {
  const stopped = new AbortController();
  let consumer: Consumer | undefined;
  let waiting: Promise<void> | undefined;
  let pausedByCaller = false;
  let isLogged = false;
  const unwatch = subscriptionPaused.from(() => [
    {
      labels: { messaging_destination_subscription_name: subscription, emporium_paused_by: 'outage' },
      value: waiting === undefined ? 0 : 1,
    },
  ]);

  /** Where the consumer cannot be paused, the deliveries that still arrive wait as well. */
  const pauseConsumer = async (): Promise<void> => {
    try {
      await consumer?.pause();
    } catch (error) {
      log.warn({ subscription }, `the consumer could not be paused: ${messageOf(error)}`);
    }
  };

  const tryResume = async (): Promise<boolean> => {
    try {
      await probe();
      if (!pausedByCaller && !stopped.signal.aborted) await consumer?.resume();
      return true;
    } catch {
      return false;
    }
  };

  const waitForProbe = async (fault: unknown, waits: number): Promise<void> => {
    const facts = { subscription, ...(fault instanceof Fault ? { code: fault.code } : {}) };
    if (!isLogged) log.warn(facts, `paused, nothing is lost: ${messageOf(fault)}`);
    isLogged = true;
    await pauseConsumer();
    const minDelayMs = fault instanceof Fault ? (fault.details.retryAfterMs ?? 0) : 0;
    let delayMs = Math.max(minDelayMs, Math.min(firstProbeDelayMs * 2 ** waits, maxProbeDelayMs));
    do {
      await sleep(delayMs, stopped.signal);
      delayMs = Math.min(delayMs * 2, maxProbeDelayMs);
    } while (!stopped.signal.aborted && !(await tryResume()));
  };

  return {
    control: async (controlled) => {
      consumer = controlled;
      if (waiting !== undefined) await pauseConsumer();
    },
    wait: async (fault, signal, waits) => {
      const ended = AbortSignal.any([signal, stopped.signal]);
      if (ended.aborted) return false;
      waiting ??= waitForProbe(fault, waits).finally(() => {
        waiting = undefined;
      });
      await unlessAborted(waiting, ended);
      return !ended.aborted;
    },
    succeeded: () => {
      if (!isLogged || waiting !== undefined) return; // it was in progress before the outage began
      isLogged = false;
      log.info({ subscription }, 'resumed');
    },
    pause: async () => {
      pausedByCaller = true;
      await consumer?.pause();
    },
    resume: async () => {
      pausedByCaller = false;
      if (waiting === undefined) await consumer?.resume();
    },
    stop: () => {
      unwatch();
      stopped.abort();
    },
  };
};

/** Resolves when the work does, or when the signal is aborted. Removes its listener. */
const unlessAborted = async (work: Promise<void>, signal: AbortSignal): Promise<void> => {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort);
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  const { promise: elapsed, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await unlessAborted(elapsed, signal);
  } finally {
    clearTimeout(timer);
  }
};
