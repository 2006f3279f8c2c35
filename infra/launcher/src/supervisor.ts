import { setTimeout as sleep } from 'node:timers/promises';

/** What can end by itself, and can be started again. */
export interface Supervised {
  readonly name: string;
  readonly logFile: string;
  /** While it runs. */
  readonly pid: number | undefined;
  /** Whether it is meant to run: not since it was asked to end. */
  readonly wanted: boolean;
  /** Resolves when it is ready, rejects when it ended before. */
  start(options: { readonly timeoutMs: number }): Promise<void>;
  /** Called with its exit code, or the signal that killed it, when it ends without having been asked to. */
  onCrash(listener: (how: HowItEnded) => void): void;
}

export type HowItEnded = number | NodeJS.Signals;

/** What is told of a part that ended by itself: its end, at most one warning that it keeps ending, and its return. */
export type Incident = { readonly name: string; readonly logFile: string } & (
  | { readonly kind: 'ended'; readonly how: HowItEnded; readonly restarts: boolean }
  | {
      readonly kind: 'keeps ending';
      readonly times: number;
      readonly waitMs: number;
      readonly reason: string;
    }
  | { readonly kind: 'is back'; readonly afterMs: number }
);

export interface Backoff {
  /** Before the first restart. Each further one waits twice as long as the one before. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Whoever has run for so long begins with the first wait again. */
  readonly stableMs: number;
  /** After so many ends in a row it is told that it keeps ending. */
  readonly tellAfter: number;
}

const usual: Backoff = { firstMs: 250, longestMs: 30_000, stableMs: 10_000, tellAfter: 5 };

export interface SupervisorOptions {
  readonly report: (incident: Incident) => void;
  /** False: an end is told, and that is all. */
  readonly restarts: boolean;
  readonly backoff?: Backoff;
}

export interface Supervisor {
  /** From now on, for one that is ready. */
  watch(part: Supervised): void;
  /** Nothing is restarted from now on; to be called before the parts are asked to end. */
  stop(): void;
}

/** Starts what ends by itself again, after a wait that grows, and tells it once, not at each attempt. */
export const createSupervisor = ({ report, restarts, backoff = usual }: SupervisorOptions): Supervisor => {
  const stopped = new AbortController();
  return {
    watch: (part) => {
      const { name, logFile } = part;
      const tell = (incident: Told) => report({ name, logFile, ...incident });
      if (restarts) keepRunning(part, { tell, backoff, stopped: stopped.signal });
      else part.onCrash((how) => tell({ kind: 'ended', how, restarts }));
    },
    stop: () => stopped.abort(),
  };
};

type Told = Incident extends infer Each
  ? Each extends Incident
    ? Omit<Each, 'name' | 'logFile'>
    : never
  : never;

interface Keeping {
  readonly tell: (incident: Told) => void;
  readonly backoff: Backoff;
  readonly stopped: AbortSignal;
}

const keepRunning = (part: Supervised, { tell, backoff, stopped }: Keeping): void => {
  /** Ends in a row, failed starts among them. */
  let ends = 0;
  let warned = false;
  let readySince = Date.now();
  let downSince: number | undefined;
  let recovering = false;
  let confirming: NodeJS.Timeout | undefined;

  const isOver = () => stopped.aborted || !part.wanted || part.pid !== undefined;
  const forget = () => {
    downSince = undefined;
  };
  const countEnd = (reason: string): number => {
    ends += 1;
    const waitMs = Math.min(backoff.longestMs, backoff.firstMs * 2 ** (ends - 1));
    if (ends >= backoff.tellAfter && !warned) {
      warned = true;
      tell({ kind: 'keeps ending', times: ends, waitMs: backoff.longestMs, reason });
    }
    return waitMs;
  };

  const recover = async (how: HowItEnded): Promise<void> => {
    let waitMs = countEnd(describeEnd(how));
    for (;;) {
      await sleep(waitMs, undefined, { signal: stopped }).catch(() => undefined);
      if (isOver()) return forget();
      try {
        await part.start({ timeoutMs: Number.POSITIVE_INFINITY });
        break;
      } catch (error) {
        if (isOver()) return forget();
        waitMs = countEnd(error instanceof Error ? error.message : String(error));
      }
    }
    readySince = Date.now();
    // It is back when it has been there for as long as it was waited for: one that ends at once, again and again, is not.
    confirming = setTimeout(() => {
      if (stopped.aborted || part.pid === undefined) return;
      tell({ kind: 'is back', afterMs: readySince - (downSince ?? readySince) });
      forget();
    }, waitMs);
  };

  part.onCrash((how) => {
    if (stopped.aborted || recovering) return; // a start that fails is known from its rejection
    clearTimeout(confirming);
    if (Date.now() - readySince >= backoff.stableMs) {
      ends = 0;
      warned = false;
    }
    if (downSince === undefined) {
      downSince = Date.now();
      tell({ kind: 'ended', how, restarts: true });
    }
    recovering = true;
    void recover(how).finally(() => {
      recovering = false;
    });
  });
};

/** `exit code 1` or `SIGKILL`. */
export const describeEnd = (how: HowItEnded): string => (typeof how === 'number' ? `exit code ${how}` : how);
