import type { Log } from '../log.ts';
import { reasonOf } from '../reason.ts';
import { collectGarbageWhenIdle } from './collect-garbage.ts';
import { type LifecycleStage, type Started, startInOrder } from './lifecycle.ts';

export interface RunOptions {
  readonly name: string;
  readonly log: Log;
  /** Started in this order, stopped in reverse. */
  readonly stages: readonly LifecycleStage[];
  /** The longest time from the signal to the end of the process; 10 s by default. */
  readonly drainTimeoutMs?: number;
}

/** The last part of the drain timeout, for abandoning what has not finished. */
const graceMs = 1_500;

/**
 * Starts the stages, then runs until SIGTERM, SIGINT, or the end of a parent process with an IPC channel to this one. Then
 * it drains: the stages stop in reverse order, and the process exits with 0, or with 1 when a stage failed or the time was
 * up. The same signal a second time exits at once. An uncaught error is logged as fatal, and exits with 1. Resolves once
 * all stages have started.
 */
export const runService = async ({
  name,
  log,
  stages,
  drainTimeoutMs = 10_000,
}: RunOptions): Promise<void> => {
  const interrupted = new AbortController();
  let started: Started | undefined;
  let draining: string | undefined;

  const drain = (why: string): void => {
    if (draining !== undefined) {
      if (draining === why) process.exit(1);
      return; // Ctrl-C reaches the whole process group, and the launcher sends its own signal as well
    }
    draining = why;
    log.info({ why }, 'draining');
    interrupted.abort(new Error(`stopped by ${why} while starting`));
    // The timer also keeps the process alive: without it, a stage that never stops could look like a clean exit.
    setTimeout(() => {
      log.error({ stages: started?.stopping() ?? ['start'], drainTimeoutMs }, 'did not stop in time');
      process.exit(1);
    }, drainTimeoutMs);
    if (started !== undefined) void finish(started);
  };

  const finish = async (running: Started): Promise<never> => {
    try {
      await running.stop(AbortSignal.timeout(Math.max(0, drainTimeoutMs - graceMs)));
      log.info('stopped');
      process.exit(0);
    } catch (error) {
      log.error({ err: error }, 'did not stop cleanly');
      process.exit(1);
    }
  };

  const crash = (error: unknown): never => {
    log.fatal({ err: error }, 'uncaught error');
    process.exit(1);
  };

  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.on('SIGTERM', () => drain('SIGTERM'));
  process.on('SIGINT', () => drain('SIGINT'));
  // The parent may have ended while this process was loading, before there was a listener.
  if (process.connected === false) drain('the end of the parent process');
  else process.once('disconnect', () => drain('the end of the parent process'));

  try {
    started = await startInOrder(stages, interrupted.signal);
  } catch (error) {
    if (draining !== undefined) process.exit(0);
    log.fatal({ err: error }, 'could not start');
    process.stderr.write(`${name} could not start: ${reasonOf(error)}\n`);
    process.exit(1);
  }
  collectGarbageWhenIdle();
  log.info('started');
  if (draining !== undefined) await finish(started);
};
