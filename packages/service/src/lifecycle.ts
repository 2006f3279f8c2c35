/**
 * Gives back what a step took. Work in progress is finished first; `signal` aborts when the time for that is nearly up,
 * and what is left must then be abandoned in a way that loses nothing.
 */
export interface Stop {
  (signal: AbortSignal): Promise<void> | void;
  /** Of several steps in one: those that are being stopped. */
  readonly pending?: () => readonly string[];
}

export interface Step {
  readonly name: string;
  /** `signal` aborts when the process is to end before all steps are started. */
  start(signal: AbortSignal): Promise<Stop | undefined> | Stop | undefined;
}

/** A step that did not start or did not stop; the cause says why. */
export class StepError extends Error {
  readonly step: string;

  constructor(step: string, what: string, cause: unknown) {
    super(`${step} ${what}`, { cause });
    this.name = 'StepError';
    this.step = step;
  }
}

export interface Started {
  /** Stops all steps, each even if another failed; then throws the first failure. */
  stop(signal: AbortSignal): Promise<void>;
  /** The steps that are being stopped. */
  stopping(): readonly string[];
}

/** Time for giving back what was started before a start failed, in milliseconds. */
const abandonMs = 5_000;

/**
 * Starts the steps one after the other; they stop in reverse order. If one fails, or `signal` aborts, those before it are
 * stopped and the failure is thrown. A step that still starts then is not waited for: it is stopped when it has started.
 */
export const startInOrder = (steps: readonly Step[], signal: AbortSignal): Promise<Started> =>
  startEach(steps, signal, async (stops, stopOne) => {
    for (const next of stops.reverse()) await stopOne(next);
  });

/** One step of several, which start in order and stop all at one time, so that none waits for another one's bound. */
export const stoppedTogether = (name: string, steps: readonly Step[]): Step => ({
  name,
  start: async (signal) => {
    const started = await startEach(steps, signal, async (stops, stopOne) => {
      await Promise.all(stops.map(stopOne));
    });
    return Object.assign(started.stop, { pending: started.stopping });
  },
});

interface Stoppable {
  readonly name: string;
  readonly stop: Stop;
}

type StopAll = (stops: Stoppable[], stopOne: (stoppable: Stoppable) => Promise<void>) => Promise<void>;

const startEach = async (steps: readonly Step[], signal: AbortSignal, stopAll: StopAll): Promise<Started> => {
  const stops: Stoppable[] = [];
  const current = new Set<Stoppable>();

  const stop = async (deadline: AbortSignal): Promise<void> => {
    const failures: StepError[] = [];
    await stopAll(stops.splice(0), async (stoppable) => {
      current.add(stoppable);
      try {
        await stoppable.stop(deadline);
      } catch (cause) {
        failures.push(
          cause instanceof StepError ? cause : new StepError(stoppable.name, 'did not stop cleanly', cause),
        );
      }
      current.delete(stoppable);
    });
    if (failures[0] !== undefined) throw failures[0];
  };

  for (const step of steps) {
    try {
      signal.throwIfAborted();
      const stopStep = await startUnlessAborted(step, signal);
      if (stopStep !== undefined) stops.push({ name: step.name, stop: stopStep });
    } catch (cause) {
      const isTold = signal.aborted || cause instanceof StepError;
      const failure = isTold ? cause : new StepError(step.name, 'did not start', cause);
      await stop(AbortSignal.timeout(abandonMs)).catch(() => undefined); // the first failure is the one to report
      throw failure;
    }
  }
  const stopping = () => [...current].flatMap(({ name, stop: { pending } }) => pending?.() ?? [name]);
  return { stop, stopping };
};

const startUnlessAborted = async ({ start }: Step, signal: AbortSignal): Promise<Stop | undefined> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const starting = Promise.resolve(signal).then(start);
  try {
    return await Promise.race([starting, aborted]);
  } catch (error) {
    if (signal.aborted) void starting.then((stop) => stop?.(AbortSignal.abort())).catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};
