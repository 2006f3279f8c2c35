import { Fault, messageOf } from './errors.ts';
import type { Log } from './log.ts';
import type { Consumer } from './transport.ts';

/**
 * Holds deliveries while something of ours is away: the consumer is paused once, however many deliveries wait, and
 * resumes when the probe succeeds.
 */
export interface Hold {
  /** The consumer to pause and resume. Deliveries may have been held before there was one. */
  control(consumer: Consumer): Promise<void>;
  /**
   * Resolves with true when the delivery is to be tried again, and with false when the consumer stops instead. `held`
   * counts how often this delivery was held before: a probe that succeeds too early does not make a busy loop.
   */
  until(fault: unknown, signal: AbortSignal, held: number): Promise<boolean>;
  /** A delivery went well: what was away is back. The log has one line at the start of an outage, and one here. */
  worked(): void;
  /** A pause that somebody asks for outlasts the hold. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Lets every held delivery go, unsettled. */
  end(): void;
}

/** Shortest and longest wait before a probe, in milliseconds; between them it doubles. */
const firstProbeDelayMs = 100;
const maxProbeDelayMs = 2_000;

interface Holding {
  readonly subscription: string;
  readonly probe: () => Promise<void>;
  readonly log: Log;
}

export const createHold = ({ subscription, probe, log }: Holding): Hold => {
  const ended = new AbortController();
  let consumer: Consumer | undefined;
  let holding: Promise<void> | undefined;
  let pausedByCaller = false;
  let isSaid = false;

  /** A consumer that cannot be paused gives deliveries that are held as well: nothing is lost by it. */
  const pauseConsumer = async (): Promise<void> => {
    try {
      await consumer?.pause();
    } catch (error) {
      log.warn({ subscription }, `the consumer could not be paused: ${messageOf(error)}`);
    }
  };

  const release = async (): Promise<boolean> => {
    try {
      await probe();
      if (!pausedByCaller && !ended.signal.aborted) await consumer?.resume();
      return true;
    } catch {
      return false;
    }
  };

  const hold = async (fault: unknown, held: number): Promise<void> => {
    const facts = { subscription, ...(fault instanceof Fault ? { code: fault.code } : {}) };
    if (!isSaid) log.warn(facts, `paused, nothing is lost: ${messageOf(fault)}`);
    isSaid = true;
    await pauseConsumer();
    const least = fault instanceof Fault ? (fault.details.retryAfterMs ?? 0) : 0;
    let delayMs = Math.max(least, Math.min(firstProbeDelayMs * 2 ** held, maxProbeDelayMs));
    do {
      await sleep(delayMs, ended.signal);
      delayMs = Math.min(delayMs * 2, maxProbeDelayMs);
    } while (!ended.signal.aborted && !(await release()));
  };

  return {
    control: async (controlled) => {
      consumer = controlled;
      if (holding !== undefined) await pauseConsumer();
    },
    until: async (fault, signal, held) => {
      const over = AbortSignal.any([signal, ended.signal]);
      if (over.aborted) return false;
      holding ??= hold(fault, held).finally(() => {
        holding = undefined;
      });
      await unlessAborted(holding, over);
      return !over.aborted;
    },
    worked: () => {
      if (!isSaid || holding !== undefined) return; // one that was in progress says nothing
      isSaid = false;
      log.info({ subscription }, 'resumed');
    },
    pause: async () => {
      pausedByCaller = true;
      await consumer?.pause();
    },
    resume: async () => {
      pausedByCaller = false;
      if (holding === undefined) await consumer?.resume();
    },
    end: () => ended.abort(),
  };
};

/** Resolves when the work does, or when the signal is aborted; leaves no listener behind. */
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
