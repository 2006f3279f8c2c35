import { busErrors } from './errors.ts';
import { type DeadLetterReason, type Delivery, delayTiers, type TransportMessage } from './transport.ts';

/** What the broker does with a claimed message. Each resolves when the broker has it. */
export interface Settling<Claimed> {
  ack(claimed: Claimed): Promise<void>;
  retry(claimed: Claimed, delayMs: number): Promise<void>;
  deadLetter(claimed: Claimed, reason: DeadLetterReason): Promise<void>;
}

/** The deliveries in progress of one consumer, for transports whose messages are claimed and then settled by a command each. */
export interface Deliveries<Claimed> {
  count(): number;
  list(): Claimed[];
  /** Those of `list` whose settlement has not begun. */
  unsettled(): Claimed[];
  /** How many are being settled: soon there is room for as many. */
  settling(): number;
  begin(claimed: Claimed): void;
  /** Another instance may have it now: its signal is aborted, and it can be settled no more. */
  giveUp(claimed: Claimed): void;
  /** Waits for all up to the bound, then gives up those that are left, and returns them. */
  end(timeoutMs: number): Promise<Claimed[]>;
}

interface Open {
  /** Made when somebody asks for the signal: most handlers do not. */
  controller?: AbortController;
  gone?: boolean;
  settlement?: Promise<void>;
}

export const createDeliveries = <
  Claimed extends TransportMessage & Pick<Delivery, 'attempt' | 'position'>,
>(options: {
  readonly deliver: (delivery: Delivery, claimed: Claimed) => Promise<void>;
  readonly settling: Settling<Claimed>;
  /** After a settlement; `settled` is false where the broker did not confirm it. */
  readonly onEnd: (claimed: Claimed, settled: boolean) => void;
}): Deliveries<Claimed> => {
  const { deliver, settling, onEnd } = options;
  const open = new Map<Claimed, Open>();
  let settlements = 0;
  let onIdle = () => {};

  const close = (claimed: Claimed, settled: boolean): void => {
    settlements -= 1;
    if (!open.delete(claimed)) return;
    onEnd(claimed, settled);
    if (open.size === 0) onIdle();
  };

  const settle = (claimed: Claimed, work: () => Promise<void>): Promise<void> => {
    const entry = open.get(claimed);
    if (entry === undefined)
      return Promise.reject(busErrors.closed({ delivery: `${claimed.id} was given back` }));
    settlements += 1;
    entry.settlement = work().then(
      () => close(claimed, true),
      (error: unknown) => {
        close(claimed, false);
        throw error;
      },
    );
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
      get signal() {
        return signalOf(entry);
      },
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
    entry.gone = true;
    entry.controller?.abort();
    if (open.size === 0) onIdle();
  };

  return {
    count: () => open.size,
    list: () => [...open.keys()],
    unsettled: () =>
      [...open].filter(([, { settlement }]) => settlement === undefined).map(([claimed]) => claimed),
    settling: () => settlements,
    begin: (claimed) => {
      const entry: Open = {};
      open.set(claimed, entry);
      void run(claimed, entry);
    },
    giveUp,
    end: async (timeoutMs) => {
      if (open.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          onIdle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const left = [...open.keys()];
      for (const claimed of left) giveUp(claimed);
      return left;
    },
  };
};

const signalOf = (entry: Open): AbortSignal => {
  entry.controller ??= new AbortController();
  if (entry.gone) entry.controller.abort();
  return entry.controller.signal;
};
