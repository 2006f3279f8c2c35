import { scrub } from '@emporium/telemetry';

/** Resolves when the checked part works; throws the reason when it does not. */
export type HealthCheck = (signal: AbortSignal) => Promise<void> | void;

export type CheckResult =
  | { readonly status: 'ok' }
  /** `degraded`: it failed, and the process can work without it for a while. */
  | { readonly status: 'degraded' | 'failed'; readonly reason: string }
  | Paused;

/** The part does nothing because a person has paused it, which is no failure. */
export interface Paused {
  readonly status: 'paused';
  /** RFC 3339. */
  readonly since: string;
  /** A user id. */
  readonly by: string;
  readonly reason: string;
}

export interface CheckOptions {
  /** For parts that the process can work without for a while, such as the broker: the outbox keeps the messages. */
  readonly degrades?: boolean;
  /** Called when the check has passed: whether a person has paused the part. */
  readonly pausedBy?: () => Paused | undefined;
}

export interface Readiness {
  /** `degraded` when only checks failed that the process can work without for a while: it still accepts requests. */
  readonly status: 'ready' | 'degraded' | 'not-ready';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface Health {
  /** Adds a check; throws when the name is already in use. */
  add(name: string, check: HealthCheck, options?: CheckOptions): void;
  /** From now on `/health/ready` answers 503, so that no new requests are sent here. */
  drain(): void;
  readiness(): Promise<Readiness>;
}

interface AddedCheck extends Required<Pick<CheckOptions, 'pausedBy'>> {
  readonly check: HealthCheck;
  readonly failure: 'degraded' | 'failed';
}

/** Runs all checks at once, each for at most `timeoutMs`. Concurrent callers share one run. */
export const createHealth = ({ timeoutMs = 1_500 } = {}): Health => {
  const checks = new Map<string, AddedCheck>();
  let isDraining = false;
  let running: Promise<Readiness> | undefined;

  const run = async (): Promise<Readiness> => {
    const results: (readonly [string, CheckResult])[] = await Promise.all(
      [...checks].map(async ([name, added]) => [name, await resultOf(added, timeoutMs)] as const),
    );
    if (isDraining) results.push(['drain', { status: 'failed', reason: 'the process is stopping' }]);
    return { status: overall(results.map(([, { status }]) => status)), checks: Object.fromEntries(results) };
  };

  return {
    add(name, check, { degrades = false, pausedBy = () => undefined } = {}) {
      if (checks.has(name)) throw new Error(`there already is a health check named ${name}`);
      checks.set(name, { check, failure: degrades ? 'degraded' : 'failed', pausedBy });
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

const resultOf = async (
  { check, failure, pausedBy }: AddedCheck,
  timeoutMs: number,
): Promise<CheckResult> => {
  const reason = await failureOf(check, timeoutMs);
  return reason === undefined ? (pausedBy() ?? { status: 'ok' }) : { status: failure, reason };
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
