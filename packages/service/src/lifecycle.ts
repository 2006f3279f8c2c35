/**
 * Gives back what a step took. Work in progress is finished first; `signal` aborts when the time for that is nearly up,
 * and what is left must then be abandoned in a way that loses nothing.
 */
export type Stop = (signal: AbortSignal) => Promise<void> | void;

export interface Step {
  readonly name: string;
  start(): Promise<Stop | undefined> | Stop | undefined;
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
  /** Stops the steps in reverse order, each even if one before it failed; then throws the first failure. */
  stop(signal: AbortSignal): Promise<void>;
  /** The step that is being stopped. */
  stopping(): string | undefined;
}

/**
 * Starts the steps one after the other. If one fails, or `signal` aborts between two, those before it are stopped in
 * reverse order and the failure is thrown.
 */
export const startInOrder = async (steps: readonly Step[], signal: AbortSignal): Promise<Started> => {
  const stops: { name: string; stop: Stop }[] = [];
  let current: string | undefined;

  const stop = async (deadline: AbortSignal): Promise<void> => {
    const failures: StepError[] = [];
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
      current = next.name;
      try {
        await next.stop(deadline);
      } catch (cause) {
        failures.push(new StepError(next.name, 'did not stop cleanly', cause));
      }
    }
    current = undefined;
    if (failures[0] !== undefined) throw failures[0];
  };

  for (const { name, start } of steps) {
    try {
      signal.throwIfAborted();
      const stopStep = await start();
      if (stopStep !== undefined) stops.push({ name, stop: stopStep });
    } catch (cause) {
      const failure = signal.aborted ? cause : new StepError(name, 'did not start', cause);
      await stop(AbortSignal.timeout(5_000)).catch(() => undefined); // the first failure is the one to report
      throw failure;
    }
  }
  return { stop, stopping: () => current };
};
