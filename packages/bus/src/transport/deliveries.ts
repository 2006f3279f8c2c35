import { busErrors } from '../errors.ts';
import { type DeadLetterReason, type Delivery, delayTiers, type TransportMessage } from '../transport.ts';

/** What the broker does with a claimed message. Each resolves when the broker has it. */
export interface Settling<Claimed> {
  ack(claimed: Claimed): Promise<void>;
  retry(claimed: Claimed, delayMs: number): Promise<void>;
  deadLetter(claimed: Claimed, reason: DeadLetterReason): Promise<void>;
}

/** The unsettled deliveries of one consumer, for transports whose messages are claimed and then settled by a command each. */
export interface Deliveries<Claimed> {
  /** Unsettled deliveries, those that `deliver` left un-acked among them. */
  count(): number;
  list(): Claimed[];
  /** Those of `list` whose settlement has not begun. */
  unsettled(): Claimed[];
  /** How many are being settled: soon there is room for as many. */
  settling(): number;
  begin(claimed: Claimed): void;
  /** Another instance may have it now: its signal is aborted, and it can be settled no more. */
  giveUp(claimed: Claimed): void;
  /** Resolves when none is in progress, or after so many milliseconds. What `deliver` left un-acked is not in progress. */
  idle(ms: number): Promise<void>;
  /** Waits for what is in progress up to the bound, then gives up all that is unsettled, and returns it. */
  end(timeoutMs: number): Promise<Claimed[]>;
}

/** One delivery in progress. A class, since there may be 100,000 a second: closures made for each cost more than all that they do. */
class Open<Claimed extends Claim> implements Delivery {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly body: Uint8Array;
  readonly attempt: number;
  readonly position?: string;
  readonly unreadable?: DeadLetterReason;
  readonly claimed: Claimed;
  /** What became of it, once it is being settled. */
  settlement: Promise<void> | undefined;
  private controller: AbortController | undefined;
  private gone: boolean;
  private readonly settle: Settle<Claimed>;

  constructor(claimed: Claimed, settle: Settle<Claimed>) {
    this.id = claimed.id;
    this.type = claimed.type;
    this.key = claimed.key;
    this.body = claimed.body;
    this.attempt = claimed.attempt;
    if (claimed.position !== undefined) this.position = claimed.position;
    if (claimed.unreadable !== undefined) this.unreadable = claimed.unreadable;
    this.claimed = claimed;
    this.settlement = undefined;
    this.controller = undefined;
    this.gone = false;
    this.settle = settle;
  }

  /** Made when somebody asks for it: most handlers do not. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.gone) this.controller.abort();
    return this.controller.signal;
  }

  ack(): Promise<void> {
    if (this.unreadable !== undefined) return this.deadLetter(this.unreadable);
    this.settlement ??= this.settle(this.claimed, acked);
    return this.settlement;
  }

  retry(delayMs: number): Promise<void> {
    this.settlement ??= this.settle(this.claimed, (settling) =>
      settling.retry(this.claimed, Math.max(0, delayMs)),
    );
    return this.settlement;
  }

  deadLetter(reason: DeadLetterReason): Promise<void> {
    this.settlement ??= this.settle(this.claimed, (settling) => settling.deadLetter(this.claimed, reason));
    return this.settlement;
  }

  giveUp(): void {
    this.gone = true;
    this.controller?.abort();
  }
}

type Claim = TransportMessage & Pick<Delivery, 'attempt' | 'position' | 'unreadable'>;

type Settle<Claimed> = (
  claimed: Claimed,
  how: (settling: Settling<Claimed>, claimed: Claimed) => Promise<void>,
) => Promise<void>;

const acked = <Claimed>(settling: Settling<Claimed>, claimed: Claimed): Promise<void> =>
  settling.ack(claimed);

export const createDeliveries = <Claimed extends Claim>(options: {
  readonly deliver: (delivery: Delivery, claimed: Claimed) => Promise<void>;
  readonly settling: Settling<Claimed>;
  /** After a settlement; `settled` is false where the broker did not confirm it. */
  readonly onEnd: (claimed: Claimed, settled: boolean) => void;
  /** Told when `deliver` rejects. */
  readonly onFailure: (claimed: Claimed, error: unknown) => void;
}): Deliveries<Claimed> => {
  const { deliver, settling, onEnd, onFailure } = options;
  const open = new Map<Claimed, Open<Claimed>>();
  const leftUnacked = new Set<Claimed>();
  let settlements = 0;
  const waiting = new Set<() => void>();

  const isIdle = (): boolean => open.size === leftUnacked.size;

  const tellIdle = (): void => {
    if (isIdle()) for (const resolve of waiting) resolve();
  };

  const close = (claimed: Claimed, settled: boolean): void => {
    settlements -= 1;
    if (!open.delete(claimed)) return;
    onEnd(claimed, settled);
    tellIdle();
  };

  const settle: Settle<Claimed> = async (claimed, how) => {
    if (!open.has(claimed)) throw busErrors.closed({ delivery: `${claimed.id} was given back` });
    leftUnacked.delete(claimed);
    settlements += 1;
    try {
      await how(settling, claimed);
    } catch (error) {
      close(claimed, false);
      throw error;
    }
    close(claimed, true);
  };

  const run = async (delivery: Open<Claimed>): Promise<void> => {
    const { claimed } = delivery;
    try {
      await deliver(delivery, claimed);
      if (delivery.settlement === undefined && open.has(claimed)) {
        leftUnacked.add(claimed);
        tellIdle();
      }
    } catch (error) {
      onFailure(claimed, error);
      // It means one more attempt, unless it was settled or given up.
      if (delivery.settlement !== undefined || !open.has(claimed)) return;
      // Where even that fails the claim is let go of, and the message comes again.
      await delivery.retry(delayTiers[0]).catch(() => {});
    }
  };

  const giveUp = (claimed: Claimed): void => {
    const delivery = open.get(claimed);
    if (delivery === undefined) return;
    open.delete(claimed);
    leftUnacked.delete(claimed);
    delivery.giveUp();
    tellIdle();
  };

  const idle = async (ms: number): Promise<void> => {
    if (isIdle()) return;
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
    unsettled: () =>
      [...open].filter(([, { settlement }]) => settlement === undefined).map(([claimed]) => claimed),
    settling: () => settlements,
    begin: (claimed) => {
      const delivery = new Open(claimed, settle);
      open.set(claimed, delivery);
      void run(delivery);
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
