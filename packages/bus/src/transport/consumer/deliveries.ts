import { busErrors } from '../../errors.ts';
import { type DeadLetterReason, type Delivery, delayTiers, type TransportMessage } from '../../transport.ts';

/** Settles a received message on the broker. Each method resolves when the broker has done it. */
export interface Settling<Received> {
  ack(received: Received): Promise<void>;
  retry(received: Received, delayMs: number): Promise<void>;
  deadLetter(received: Received, reason: DeadLetterReason): Promise<void>;
}

/** How a delivery ended. `failed`: the broker did not confirm its settlement. */
export type Outcome =
  | { readonly kind: 'settled' | 'failed' }
  | { readonly kind: 'retried'; readonly delayMs: number };

/** The unsettled deliveries of one consumer, for transports whose messages are received first and settled by a command each. */
export interface Deliveries<Received> {
  /** The number of unsettled deliveries, including those that `deliver` left un-acked. */
  count(): number;
  list(): Received[];
  /** Those of `list` whose settlement has not begun. */
  unsettled(): Received[];
  /** The number of settlements in progress: soon there is room for as many. */
  settling(): number;
  begin(received: Received): void;
  /** Another instance may have the message now: its signal is aborted, and it can no longer be settled. */
  giveUp(received: Received): void;
  /** Resolves when no delivery is in progress, or after so many milliseconds. What `deliver` left un-acked is not in progress. */
  idle(ms: number): Promise<void>;
  /** Waits for deliveries in progress up to the timeout, then gives up all unsettled ones and returns them. */
  end(timeoutMs: number): Promise<Received[]>;
}

/** One delivery in progress. A class, since at 100,000 a second closures for each cost more than all that they do. */
class Open<Received extends ReceivedMessage> implements Delivery {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly body: Uint8Array;
  readonly attempt: number;
  readonly position?: string;
  readonly unreadable?: DeadLetterReason;
  readonly received: Received;
  /** Set once the settlement has begun. */
  settlement: Promise<void> | undefined;
  private controller: AbortController | undefined;
  private gone: boolean;
  private readonly settle: Settle<Received>;

  constructor(received: Received, settle: Settle<Received>) {
    this.id = received.id;
    this.type = received.type;
    this.key = received.key;
    this.body = received.body;
    this.attempt = received.attempt;
    if (received.position !== undefined) this.position = received.position;
    if (received.unreadable !== undefined) this.unreadable = received.unreadable;
    this.received = received;
    this.settlement = undefined;
    this.controller = undefined;
    this.gone = false;
    this.settle = settle;
  }

  /** Created on demand: most handlers do not use it. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.gone) this.controller.abort();
    return this.controller.signal;
  }

  ack(): Promise<void> {
    if (this.unreadable !== undefined) return this.deadLetter(this.unreadable);
    this.settlement ??= this.settle(this.received, acked, settled);
    return this.settlement;
  }

  retry(delayMs: number): Promise<void> {
    const ms = Math.max(0, delayMs);
    this.settlement ??= this.settle(this.received, (settling) => settling.retry(this.received, ms), {
      kind: 'retried',
      delayMs: ms,
    });
    return this.settlement;
  }

  deadLetter(reason: DeadLetterReason): Promise<void> {
    this.settlement ??= this.settle(
      this.received,
      (settling) => settling.deadLetter(this.received, reason),
      settled,
    );
    return this.settlement;
  }

  giveUp(): void {
    this.gone = true;
    this.controller?.abort();
  }
}

/** What a transport must know of a message to deliver it. */
export type ReceivedMessage = TransportMessage & Pick<Delivery, 'attempt' | 'position' | 'unreadable'>;

type Settle<Received> = (
  received: Received,
  how: (settling: Settling<Received>, received: Received) => Promise<void>,
  outcome: Outcome,
) => Promise<void>;

const acked = <Received>(settling: Settling<Received>, received: Received): Promise<void> =>
  settling.ack(received);

const settled: Outcome = { kind: 'settled' };
const failed: Outcome = { kind: 'failed' };

export const createDeliveries = <Received extends ReceivedMessage>(options: {
  readonly deliver: (delivery: Delivery, received: Received) => Promise<void>;
  readonly settling: Settling<Received>;
  /** Called after each settlement, unless the delivery was given up. */
  readonly onEnd: (received: Received, outcome: Outcome) => void;
  /** Called when `deliver` rejects. */
  readonly onFailure: (received: Received, error: unknown) => void;
}): Deliveries<Received> => {
  const { deliver, settling, onEnd, onFailure } = options;
  const open = new Map<Received, Open<Received>>();
  const leftUnacked = new Set<Received>();
  let settlements = 0;
  const waiting = new Set<() => void>();

  const isIdle = (): boolean => open.size === leftUnacked.size;

  const notifyIdle = (): void => {
    if (isIdle()) for (const resolve of waiting) resolve();
  };

  const close = (received: Received, outcome: Outcome): void => {
    settlements -= 1;
    if (!open.delete(received)) return;
    onEnd(received, outcome);
    notifyIdle();
  };

  const settle: Settle<Received> = async (received, how, outcome) => {
    if (!open.has(received)) throw busErrors.closed({ delivery: `${received.id} was given back` });
    leftUnacked.delete(received);
    settlements += 1;
    try {
      await how(settling, received);
    } catch (error) {
      close(received, failed);
      throw error;
    }
    close(received, outcome);
  };

  const run = async (delivery: Open<Received>): Promise<void> => {
    const { received } = delivery;
    try {
      await deliver(delivery, received);
      if (delivery.settlement === undefined && open.has(received)) {
        leftUnacked.add(received);
        notifyIdle();
      }
    } catch (error) {
      onFailure(received, error);
      // A failure counts as an attempt, unless the delivery was settled or given up before.
      if (delivery.settlement !== undefined || !open.has(received)) return;
      // If this fails too, the message is released and delivered again.
      await delivery.retry(delayTiers[0]).catch(() => {});
    }
  };

  const giveUp = (received: Received): void => {
    const delivery = open.get(received);
    if (delivery === undefined) return;
    open.delete(received);
    leftUnacked.delete(received);
    delivery.giveUp();
    notifyIdle();
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
      [...open].filter(([, { settlement }]) => settlement === undefined).map(([received]) => received),
    settling: () => settlements,
    begin: (received) => {
      const delivery = new Open(received, settle);
      open.set(received, delivery);
      void run(delivery);
    },
    giveUp,
    idle,
    end: async (timeoutMs) => {
      await idle(timeoutMs);
      const left = [...open.keys()];
      for (const received of left) giveUp(received);
      return left;
    },
  };
};
