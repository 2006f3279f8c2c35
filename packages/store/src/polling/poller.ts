import { Fault, type Log, messageOf } from '@emporium/bus';
import { classify } from '../database/errors.ts';
import { createAutoResetEvent } from './auto-reset-event.ts';

/** Runs the same work again and again, one run at a time. */
export interface Poller {
  /** Starts a run now, or right after the one in progress. Does not shorten the wait after a failed run. */
  wake(): void;
  /**
   * Starts no further run, and waits for the one in progress. With `timeoutMs` it waits no longer than that, and runs that
   * follow at once go on meanwhile. Repeatable.
   */
  stop(timeoutMs?: number): Promise<void>;
}

export interface PollerOptions {
  /** The subject of the log lines, such as `outbox relay`. */
  readonly name: string;
  readonly log: Log;
  /** Added to each log line. */
  readonly facts?: object;
  /**
   * Does the available work. Resolves to the milliseconds until the next run; 0 means that there is more to do at once. A
   * rejection is logged once, and the run is repeated until it succeeds. `signal` is aborted when the poller stops.
   */
  readonly run: (signal: AbortSignal) => Promise<number>;
  /** Milliseconds to wait after a run during which `wake` was called, so that the next one finds more work; 0 by default. */
  readonly gapMs?: number;
}

/** Longest wait after a failed run. Half of it is jitter, so that instances do not retry in step. */
const retryMs = 1_000;

/** Starts with a first run at once. */
export const startPoller = ({ name, log, facts = {}, run, gapMs = 0 }: PollerOptions): Poller => {
  const woken = createAutoResetEvent();
  const stopped = createAutoResetEvent();
  const stopping = new AbortController();
  let stopAt = Infinity;
  let isFailing = false;
  let stop: Promise<void> | undefined;

  /** Resolves to undefined when the run failed. */
  const attempt = async (): Promise<number | undefined> => {
    try {
      const nextMs = await run(stopping.signal);
      if (isFailing) log.info(facts, `${name} recovered`);
      isFailing = false;
      return nextMs;
    } catch (cause) {
      const error = classify(cause);
      const code = error instanceof Fault ? { code: error.code } : {};
      if (!isFailing) log.warn({ ...facts, ...code }, `${name} failed, retrying: ${messageOf(error)}`);
      isFailing = true;
      return undefined;
    }
  };

  const loop = async (): Promise<void> => {
    while (performance.now() < stopAt) {
      woken.reset();
      const nextMs = await attempt();
      if (nextMs === 0) continue;
      if (stopping.signal.aborted) return;
      if (nextMs === undefined) await stopped.wait((retryMs * (1 + Math.random())) / 2);
      else if (!woken.isSet()) await woken.wait(nextMs);
      else if (gapMs > 0) await stopped.wait(gapMs);
    }
  };

  const stopWithin = async (timeoutMs: number | undefined): Promise<void> => {
    stopAt = performance.now() + (timeoutMs ?? 0);
    stopping.abort();
    stopped.set();
    woken.set();
    if (timeoutMs === undefined) return running;
    const timeout = createAutoResetEvent();
    await Promise.race([running, timeout.wait(timeoutMs)]);
    timeout.set(); // ends its timer
  };

  const running = loop();
  return {
    wake: woken.set,
    stop: (timeoutMs) => {
      stop ??= stopWithin(timeoutMs);
      return stop;
    },
  };
};
