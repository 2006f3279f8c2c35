import { Fault, type Log, messageOf } from '@emporium/bus';

/**
 * Stops the worker of one kind of task while something that its handler needs is away, so that tasks wait in their queue and use
 * up no attempts. It is said once in the log when it begins and once when a task gets through again.
 */
export interface Pause {
  /** Pauses the worker, if it is not paused yet. Returns the milliseconds until it is tried again. */
  begin(fault: unknown): number;
  /** Called when a task ended in another way than by such a fault. */
  over(): void;
  /** Ends the pause without resuming the worker. */
  stop(): void;
}

interface PauseOptions {
  readonly task: string;
  readonly log: Log;
  readonly pauseWorker: () => void;
  readonly resumeWorker: () => void;
  /** Resolves when what is away answers again. Without it the worker resumes after each wait, and its next tasks find out. */
  readonly probe?: () => Promise<void>;
  /** For tests: returns [0, 1). */
  readonly random?: () => number;
}

/** Shortest and longest wait before the next try, in milliseconds; between them it doubles, and half of it is jitter. */
const firstWaitMs = 1_000;
const maxWaitMs = 30_000;

export const createPause = (options: PauseOptions): Pause => {
  const { task, log, pauseWorker, resumeWorker, probe, random = Math.random } = options;
  let beganAt: number | undefined;
  let tries = 0;
  let endsAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const wait = (leastMs: number): number => {
    const step = Math.min(firstWaitMs * 2 ** tries, maxWaitMs);
    const waitMs = Math.max(leastMs, Math.ceil(step / 2 + (random() * step) / 2));
    tries += 1;
    endsAt = performance.now() + waitMs;
    timer = setTimeout(tryAgain, waitMs);
    return waitMs;
  };

  const tryAgain = async (): Promise<void> => {
    const answers = await (probe?.() ?? Promise.resolve()).then(
      () => true,
      () => false,
    );
    if (stopped) return;
    if (!answers) return void wait(0);
    endsAt = undefined;
    resumeWorker();
  };

  return {
    begin: (fault) => {
      if (endsAt !== undefined) return Math.max(Math.ceil(endsAt - performance.now()), firstWaitMs / 2);
      if (beganAt === undefined) {
        beganAt = performance.now();
        const code = fault instanceof Fault ? { code: fault.code } : {};
        log.warn({ task, ...code }, `paused, no attempt is counted: ${messageOf(fault)}`);
      }
      pauseWorker();
      return wait(fault instanceof Fault ? (fault.details.retryAfterMs ?? 0) : 0);
    },
    over: () => {
      if (beganAt === undefined || endsAt !== undefined) return;
      const pausedMs = Math.round(performance.now() - beganAt);
      beganAt = undefined;
      tries = 0;
      log.info({ task, pausedMs }, 'resumed');
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
