import {
  busErrors,
  type DeadLetterReason,
  type Delivery,
  delayTiers,
  type TransportMessage,
} from '@emporium/bus';

/** What the broker does with a claimed message. Each resolves when the broker has it. */
export interface Settling<Claimed> {
  ack(claimed: Claimed): Promise<void>;
  retry(claimed: Claimed, delayMs: number): Promise<void>;
  deadLetter(claimed: Claimed, reason: DeadLetterReason): Promise<void>;
}

/** The deliveries in progress of one consumer. */
export interface Deliveries<Claimed> {
  count(): number;
  list(): Claimed[];
  begin(claimed: Claimed): void;
  /** Another instance may have it now: its signal is aborted, and it can be settled no more. */
  giveUp(claimed: Claimed): void;
  /** Resolves when none is in progress, or after so long. */
  idle(ms: number): Promise<void>;
  /** Waits for all up to the bound, then gives up those that are left, and returns them. */
  end(timeoutMs: number): Promise<Claimed[]>;
}

interface Open {
  readonly controller: AbortController;
  settlement?: Promise<void>;
}

export const createDeliveries = <
  Claimed extends TransportMessage & Pick<Delivery, 'attempt' | 'position'>,
>(options: {
  readonly deliver: (delivery: Delivery, claimed: Claimed) => Promise<void>;
  readonly settling: Settling<Claimed>;
  /** After a settlement, whatever became of it. */
  readonly onEnd: (claimed: Claimed) => void;
}): Deliveries<Claimed> => {
  const { deliver, settling, onEnd } = options;
  const open = new Map<Claimed, Open>();
  const waiting = new Set<() => void>();

  const tellIdle = (): void => {
    if (open.size === 0) for (const resolve of waiting) resolve();
  };

  const close = (claimed: Claimed): void => {
    if (!open.delete(claimed)) return;
    onEnd(claimed);
    tellIdle();
  };

  const settle = (claimed: Claimed, work: () => Promise<void>): Promise<void> => {
    const entry = open.get(claimed);
    if (entry === undefined)
      return Promise.reject(busErrors.closed({ delivery: `${claimed.id} was given back` }));
    entry.settlement = work().finally(() => close(claimed));
    return entry.settlement;
  };

  const deliveryOf = (claimed: Claimed, entry: Open): Delivery => {
    const once = (work: () => Promise<void>) => entry.settlement ?? settle(claimed, work);
    return {
      id: claimed.id,
      type: claimed.type,
      key: claimed.key,
      body: claimed.body,
      attempt: claimed.attempt,
      ...(claimed.position === undefined ? {} : { position: claimed.position }),
      signal: entry.controller.signal,
      ack: () => once(() => settling.ack(claimed)),
      retry: (delayMs) => once(() => settling.retry(claimed, Math.max(0, delayMs))),
      deadLetter: (reason) => once(() => settling.deadLetter(claimed, reason)),
    };
  };

  const run = async (claimed: Claimed, entry: Open): Promise<void> => {
    try {
      await deliver(deliveryOf(claimed, entry), claimed);
    } catch {
      // What failed is for the one who delivers to tell; here it means one more attempt, unless it was settled or given up.
      if (entry.settlement !== undefined || !open.has(claimed)) return;
      // Where even that fails the claim is let go of, and the message comes again.
      await settle(claimed, () => settling.retry(claimed, delayTiers[0])).catch(() => {});
    }
  };

  const giveUp = (claimed: Claimed): void => {
    const entry = open.get(claimed);
    if (entry === undefined) return;
    open.delete(claimed);
    entry.controller.abort();
    tellIdle();
  };

  const idle = async (ms: number): Promise<void> => {
    if (open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    waiting.add(resolve);
    await promise;
    waiting.delete(resolve);
    clearTimeout(timer);
  };

  return {
    count: () => open.size,
    list: () => [...open.keys()],
    begin: (claimed) => {
      const entry: Open = { controller: new AbortController() };
      open.set(claimed, entry);
      void run(claimed, entry);
    },
    giveUp,
    idle,
    end: async (timeoutMs) => {
      await idle(timeoutMs);
      const left = [...open.keys()];
      for (const claimed of left) giveUp(claimed);
      return left;
    },
  };
};
