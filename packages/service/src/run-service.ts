import { type Started, type Step, startInOrder } from './lifecycle.ts';
import type { Log } from './log.ts';
import { reasonOf } from './reason.ts';
import { collectStartGarbage } from './start-garbage.ts';

export interface RunOptions {
  readonly name: string;
  readonly log: Log;
  /** In the order of starting; stopped in reverse. */
  readonly start: readonly Step[];
  /** From the signal to the end of the process at the latest; 10 s unless given. */
  readonly drainTimeoutMs?: number;
}

/** Part of the drain's time that is kept back for abandoning what did not finish. */
const graceMs = 1_500;

/**
 * Starts the steps, then runs until SIGTERM, SIGINT, or the death of a parent that holds an IPC channel. Then it drains:
 * steps stop in reverse order, and the process ends with 0, or with 1 when a step failed or the time was up. The same
 * signal a second time ends it at once. What nobody caught is logged as fatal and ends it with 1. Resolves once started.
 */
export const runService = async ({
  name,
  log,
  start,
  drainTimeoutMs = 10_000,
}: RunOptions): Promise<void> => {
  const interrupted = new AbortController();
  let started: Started | undefined;
  let draining: string | undefined;

  const drain = (why: string): void => {
    if (draining !== undefined) {
      if (draining === why) process.exit(1);
      return; // Ctrl-C reaches the whole process group, and the launcher's own signal comes after it
    }
    draining = why;
    log.info({ why }, 'draining');
    interrupted.abort(new Error(`stopped by ${why} while starting`));
    // Keeps the process alive, too: a step that waits for nothing must not look like a clean end.
    setTimeout(() => {
      log.error({ steps: started?.stopping() ?? ['start'], drainTimeoutMs }, 'did not stop in time');
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

  const die = (error: unknown): never => {
    log.fatal({ err: error }, 'nobody caught this error');
    process.exit(1);
  };

  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  process.on('SIGTERM', () => drain('SIGTERM'));
  process.on('SIGINT', () => drain('SIGINT'));
  // It may have ended while this process was still loading: then the event has been missed.
  if (process.connected === false) drain('the end of the parent process');
  else process.once('disconnect', () => drain('the end of the parent process'));

  try {
    started = await startInOrder(start, interrupted.signal);
  } catch (error) {
    if (draining !== undefined) process.exit(0);
    log.fatal({ err: error }, 'could not start');
    process.stderr.write(`${name} could not start: ${reasonOf(error)}\n`);
    process.exit(1);
  }
  collectStartGarbage();
  log.info('started');
  if (draining !== undefined) await finish(started);
};
