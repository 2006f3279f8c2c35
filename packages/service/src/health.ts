import { scrub } from './redaction.ts';

/** Resolves when the named part works; throws with the reason when it doesn't. */
export type HealthCheck = (signal: AbortSignal) => Promise<void> | void;

export interface CheckResult {
  readonly status: 'ok' | 'failed';
  readonly reason?: string;
}

export interface Readiness {
  readonly status: 'ready' | 'not-ready';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface Health {
  /** Adds a check under its name; a second check of the same name is an error. */
  add(name: string, check: HealthCheck): void;
  /** From now on `/health/ready` answers 503, so that nobody sends new work. */
  drain(): void;
  readiness(): Promise<Readiness>;
}

/** Runs all checks at once, each for at most `timeoutMs`. Concurrent callers share one run. */
export const createHealth = ({ timeoutMs = 2_000 } = {}): Health => {
  const checks = new Map<string, HealthCheck>();
  let isDraining = false;
  let running: Promise<Readiness> | undefined;

  const run = async (): Promise<Readiness> => {
    const results = await Promise.all(
      [...checks].map(async ([name, check]) => [name, await resultOf(check, timeoutMs)] as const),
    );
    if (isDraining) results.push(['drain', { status: 'failed', reason: 'the process is stopping' }]);
    const isReady = results.every(([, { status }]) => status === 'ok');
    return { status: isReady ? 'ready' : 'not-ready', checks: Object.fromEntries(results) };
  };

  return {
    add(name, check) {
      if (checks.has(name)) throw new Error(`There is a health check named ${name} already`);
      checks.set(name, check);
    },
    drain() {
      isDraining = true;
    },
    readiness() {
      running ??= run().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
};

const resultOf = async (check: HealthCheck, timeoutMs: number): Promise<CheckResult> => {
  const signal = AbortSignal.timeout(timeoutMs);
  const tooLate = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${timeoutMs} ms`)), {
      once: true,
    });
  });
  try {
    await Promise.race([Promise.resolve(signal).then(check), tooLate]);
    return { status: 'ok' };
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    return { status: 'failed', reason: scrub(reason).slice(0, 300) };
  }
};
