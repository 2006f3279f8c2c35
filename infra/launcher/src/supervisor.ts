import { setTimeout as sleep } from 'node:timers/promises';

/** A process that can be restarted after a crash. */
export interface SupervisedProcess {
  readonly name: string;
  readonly logFile: string;
  /** Undefined while it is not running. */
  readonly pid: number | undefined;
  /** Whether it should be running: false after it was stopped. */
  readonly wanted: boolean;
  /** Resolves when it is ready; rejects when it exits before. */
  start(options: { readonly timeoutMs: number }): Promise<void>;
  /** Calls the listener with the exit code or signal when it exits without having been stopped. */
  onCrash(listener: (exit: ExitReason) => void): void;
}

/** The exit code, or the signal that ended the process. */
export type ExitReason = number | NodeJS.Signals;

/** What is reported about a crash: the exit, at most one warning that the process keeps exiting, and the recovery. */
export type Incident = { readonly name: string; readonly logFile: string } & (
  | { readonly kind: 'ended'; readonly how: ExitReason; readonly restarts: boolean }
  | {
      readonly kind: 'keeps ending';
      readonly times: number;
      readonly waitMs: number;
      readonly reason: string;
    }
  | { readonly kind: 'is back'; readonly afterMs: number }
);

export interface Backoff {
  /** The delay before the first restart; it doubles with each further one. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** After it has run for this long, a process starts with the first delay again. */
  readonly stableMs: number;
  /** The number of exits in a row after which the warning is reported. */
  readonly warnAfter: number;
}

const defaultBackoff: Backoff = { firstMs: 250, maxMs: 30_000, stableMs: 10_000, warnAfter: 5 };

export interface SupervisorOptions {
  readonly report: (incident: Incident) => void;
  /** When false, crashes are only reported. */
  readonly restarts: boolean;
  readonly backoff?: Backoff;
}

export interface Supervisor {
  /** Begins to supervise a process that is ready. */
  watch(process: SupervisedProcess): void;
  /** Ends all restarts; call it before the processes are stopped. */
  stop(): void;
}

/** Restarts processes after a crash, with growing delays, and reports each crash once and not every attempt. */
export const createSupervisor = ({
  report,
  restarts,
  backoff = defaultBackoff,
}: SupervisorOptions): Supervisor => {
  const stopped = new AbortController();
  return {
    watch: (process) => {
      const { name, logFile } = process;
      const reportOne = (incident: UnnamedIncident) => report({ name, logFile, ...incident });
      if (restarts) keepRunning(process, { report: reportOne, backoff, stopped: stopped.signal });
      else process.onCrash((how) => reportOne({ kind: 'ended', how, restarts }));
    },
    stop: () => stopped.abort(),
  };
};

type UnnamedIncident = Incident extends infer Each
  ? Each extends Incident
    ? Omit<Each, 'name' | 'logFile'>
    : never
  : never;

interface KeepRunningOptions {
  readonly report: (incident: UnnamedIncident) => void;
  readonly backoff: Backoff;
  readonly stopped: AbortSignal;
}

const keepRunning = (process: SupervisedProcess, { report, backoff, stopped }: KeepRunningOptions): void => {
  /** Exits in a row, including failed starts. */
  let exits = 0;
  let warned = false;
  let readySince = Date.now();
  let downSince: number | undefined;
  let recovering = false;
  let confirming: NodeJS.Timeout | undefined;

  const isSettled = () => stopped.aborted || !process.wanted || process.pid !== undefined;
  const settle = () => {
    downSince = undefined;
  };
  const countExit = (reason: string): number => {
    exits += 1;
    const waitMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (exits - 1));
    if (exits >= backoff.warnAfter && !warned) {
      warned = true;
      report({ kind: 'keeps ending', times: exits, waitMs: backoff.maxMs, reason });
    }
    return waitMs;
  };

  const recover = async (how: ExitReason): Promise<void> => {
    let waitMs = countExit(describeExit(how));
    for (;;) {
      await sleep(waitMs, undefined, { signal: stopped }).catch(() => undefined);
      if (isSettled()) return settle();
      try {
        await process.start({ timeoutMs: Number.POSITIVE_INFINITY });
        break;
      } catch (error) {
        if (isSettled()) return settle();
        waitMs = countExit(error instanceof Error ? error.message : String(error));
      }
    }
    readySince = Date.now();
    // It has recovered once it has run for as long as the last delay: not if it exits soon after each start.
    confirming = setTimeout(() => {
      if (stopped.aborted || process.pid === undefined) return;
      report({ kind: 'is back', afterMs: readySince - (downSince ?? readySince) });
      settle();
    }, waitMs);
  };

  process.onCrash((how) => {
    if (stopped.aborted || recovering) return; // the rejection of `start` reports it
    clearTimeout(confirming);
    if (Date.now() - readySince >= backoff.stableMs) {
      exits = 0;
      warned = false;
    }
    if (downSince === undefined) {
      downSince = Date.now();
      report({ kind: 'ended', how, restarts: true });
    }
    recovering = true;
    void recover(how).finally(() => {
      recovering = false;
    });
  });
};

/** `exit code 1` or `SIGKILL`. */
export const describeExit = (how: ExitReason): string => (typeof how === 'number' ? `exit code ${how}` : how);
