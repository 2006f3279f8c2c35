/** Wakes one waiter, also when it rings before the wait. */
export interface Alarm {
  /** From here on a ring counts. */
  set(): void;
  ring(): void;
  /** Until it rings, at once where it has rung since it was set, and at most so many milliseconds. */
  wait(ms: number): Promise<void>;
}

export const createAlarm = (): Alarm => {
  let rung = false;
  let wakeUp: () => void = () => undefined;
  return {
    set: () => {
      rung = false;
    },
    ring: () => {
      rung = true;
      wakeUp();
    },
    wait: (ms) =>
      new Promise((resolve) => {
        if (rung) return resolve();
        const timer = setTimeout(resolve, ms);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
};
