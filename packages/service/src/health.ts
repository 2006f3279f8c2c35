import { scrub } from './redaction.ts';

/** Resolves when the checked part works; throws the reason when it does not. */
export type HealthCheck = (signal: AbortSignal) => Promise<void> | void;

export interface CheckResult {
  /** `degraded`: it failed, and the process can work without it for a while. */
  readonly status: 'ok' | 'degraded' | 'failed';
  readonly reason?: string;
}

export interface Readiness {
  /** `degraded` when only checks failed that the process can work without for a while: it still accepts requests. */
  readonly status: 'ready' | 'degraded' | 'not-ready';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface Health {
  /**
   * Adds a check; throws when the name is already in use. `degrades` is for parts that the process can work without for a while,
   * such as the broker: the outbox keeps the messages.
   */
  add(name: string, check: HealthCheck, options?: { readonly degrades?: boolean }): void;
  /** From now on `/health/ready` answers 503, so that no new requests are sent here. */
  drain(): void;
  readiness(): Promise<Readiness>;
}

/** Runs all checks at once, each for at most `timeoutMs`. Concurrent callers share one run. */
export const createHealth = ({ timeoutMs = 2_000 } = {}): Health => {
  const checks = new Map<string, { readonly check: HealthCheck; readonly failure: 'degraded' | 'failed' }>();
  let isDraining = false;
  let running: Promise<Readiness> | undefined;

  const run = async (): Promise<Readiness> => {
    const results = await Promise.all(
      [...checks].map(async ([name, { check, failure }]) => {
        const reason = await failureOf(check, timeoutMs);
        const result: CheckResult = reason === undefined ? { status: 'ok' } : { status: failure, reason };
        return [name, result] as const;
      }),
    );
    if (isDraining) results.push(['drain', { status: 'failed', reason: 'the process is stopping' }]);
    return { status: overall(results.map(([, { status }]) => status)), checks: Object.fromEntries(results) };
  };

  return {
    add(name, check, { degrades = false } = {}) {
      if (checks.has(name)) throw new Error(`there already is a health check named ${name}`);
      checks.set(name, { check, failure: degrades ? 'degraded' : 'failed' });
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

const overall = (statuses: readonly CheckResult['status'][]): Readiness['status'] => {
  if (statuses.includes('failed')) return 'not-ready';
  return statuses.includes('degraded') ? 'degraded' : 'ready';
};

/** Why the check failed, in at most 300 characters; undefined when it passed. */
const failureOf = async (check: HealthCheck, timeoutMs: number): Promise<string | undefined> => {
  const signal = AbortSignal.timeout(timeoutMs);
  const tooLate = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${timeoutMs} ms`)), {
      once: true,
    });
  });
  try {
    await Promise.race([Promise.resolve(signal).then(check), tooLate]);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    return scrub(reason).slice(0, 300);
  }
};
