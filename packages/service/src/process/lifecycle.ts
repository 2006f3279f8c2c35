/**
 * Releases what a stage acquired, after finishing the work in progress. `signal` aborts when the time for that is nearly
 * up: what is left must then be abandoned without losing anything.
 */
export interface Stop {
  (signal: AbortSignal): Promise<void> | void;
  /** Of a group of stages: the names of those that are still stopping. */
  readonly pending?: () => readonly string[];
}

/** A part of a process that starts and stops with it, such as the database connection or the HTTP server. */
export interface LifecycleStage {
  readonly name: string;
  /** `signal` aborts when the process is to end before all stages have started. */
  start(signal: AbortSignal): Promise<Stop | undefined> | Stop | undefined;
}

/** A stage did not start or did not stop; the cause says why. */
export class StageError extends Error {
  readonly stage: string;

  constructor(stage: string, what: string, cause: unknown) {
    super(`${stage} ${what}`, { cause });
    this.name = 'StageError';
    this.stage = stage;
  }
}

export interface Started {
  /** Stops all stages, even when one of them fails; then throws the first failure. */
  stop(signal: AbortSignal): Promise<void>;
  /** The names of the stages that are still stopping. */
  stopping(): readonly string[];
}

/** Time to stop the stages that had started when a later one failed, in milliseconds. */
const abandonMs = 5_000;

/**
 * Starts the stages one after the other; they stop in reverse order. When one fails, or `signal` aborts, those before it
 * are stopped and the failure is thrown. A stage that is still starting then is not waited for, and is stopped once it has
 * started.
 */
export const startInOrder = (stages: readonly LifecycleStage[], signal: AbortSignal): Promise<Started> =>
  startEach(stages, signal, async (stops, stopOne) => {
    for (const next of stops.reverse()) await stopOne(next);
  });

/** Combines stages that start in order and all stop at the same time, so that none uses up the time of the others. */
export const stageGroup = (name: string, stages: readonly LifecycleStage[]): LifecycleStage => ({
  name,
  start: async (signal) => {
    const started = await startEach(stages, signal, async (stops, stopOne) => {
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

const startEach = async (
  stages: readonly LifecycleStage[],
  signal: AbortSignal,
  stopAll: StopAll,
): Promise<Started> => {
  const stops: Stoppable[] = [];
  const current = new Set<Stoppable>();

  const stop = async (deadline: AbortSignal): Promise<void> => {
    const failures: StageError[] = [];
    await stopAll(stops.splice(0), async (stoppable) => {
      current.add(stoppable);
      try {
        await stoppable.stop(deadline);
      } catch (error) {
        failures.push(toStageError(stoppable.name, 'did not stop cleanly', error));
      }
      current.delete(stoppable);
    });
    if (failures[0] !== undefined) throw failures[0];
  };

  for (const { name, start } of stages) {
    try {
      signal.throwIfAborted();
      const stopStage = await startUnlessAborted(start, signal);
      if (stopStage !== undefined) stops.push({ name, stop: stopStage });
    } catch (error) {
      const failure = signal.aborted ? error : toStageError(name, 'did not start', error);
      await stop(AbortSignal.timeout(abandonMs)).catch(() => undefined); // the first failure is the one to report
      throw failure;
    }
  }
  const stopping = () => [...current].flatMap(({ name, stop: { pending } }) => pending?.() ?? [name]);
  return { stop, stopping };
};

/** The error of a stage within a group already names that stage. */
const toStageError = (stage: string, what: string, error: unknown): StageError =>
  error instanceof StageError ? error : new StageError(stage, what, error);

const startUnlessAborted = async (
  start: LifecycleStage['start'],
  signal: AbortSignal,
): Promise<Stop | undefined> => {
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
