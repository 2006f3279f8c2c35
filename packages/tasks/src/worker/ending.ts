/** How an attempt can be ended from outside. */
export interface Ending {
  /** Aborted when it is. Made for the first who asks: it costs as much as all else that is done for a short task. */
  readonly signal: AbortSignal;
  /** Only the first reason counts. */
  end(reason: unknown): void;
}

/** `onEnd` is told the reason. */
export const createEnding = (onEnd: (reason: unknown) => void): Ending => {
  let controller: AbortController | undefined;
  let over: { readonly reason: unknown } | undefined;
  return {
    get signal() {
      controller ??= new AbortController();
      if (over !== undefined) controller.abort(over.reason);
      return controller.signal;
    },
    end: (reason) => {
      if (over !== undefined) return;
      over = { reason };
      controller?.abort(reason);
      onEnd(reason);
    },
  };
};
