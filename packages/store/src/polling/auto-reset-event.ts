/** Wakes one waiter, also when it was set before the wait. A wait that ends resets it. */
export interface AutoResetEvent {
  set(): void;
  reset(): void;
  isSet(): boolean;
  /** Resolves when the event is set, at once if it already is, and after `ms` milliseconds at the latest. */
  wait(ms: number): Promise<void>;
}

export const createAutoResetEvent = (): AutoResetEvent => {
  let isSet = false;
  let wakeUp: () => void = () => undefined;
  return {
    set: () => {
      isSet = true;
      wakeUp();
    },
    reset: () => {
      isSet = false;
    },
    isSet: () => isSet,
    wait: async (ms) => {
      if (!isSet) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isSet = false;
    },
  };
};
