/** The entries of a customer's ledger, as events. `kept` are the points of the order after the entry, `balance` those of the customer. */
export type LedgerEvent =
  | {
      readonly type: 'earned';
      readonly orderId: string;
      readonly points: number;
      readonly kept: number;
      readonly balance: number;
    }
  | {
      readonly type: 'taken-back';
      readonly orderId: string;
      /** Of the refund: the version of the order. */
      readonly sequence: number;
      readonly points: number;
      readonly kept: number;
      readonly balance: number;
    };

export type LedgerCommand =
  /** The order is completed; `points` are those of its total. */
  | { readonly type: 'credit'; readonly orderId: string; readonly points: number }
  /** A part of the order was refunded; `earned` are the points of its total, `kept` those of what is left. */
  | {
      readonly type: 'take-back';
      readonly orderId: string;
      readonly sequence: number;
      readonly earned: number;
      readonly kept: number;
    };

export interface Ledger {
  readonly balance: number;
  readonly orders: ReadonlyMap<string, OrderPoints>;
}

interface OrderPoints {
  readonly kept: number;
  /** Of the newest refund; 0 before the first. */
  readonly refundSequence: number;
}

/**
 * The entries that a message leads to; none when it has had its effect, or a newer refund has. A refund may be known before the
 * completion: the ledger then has the same entries as in the usual order.
 */
const decide = (command: LedgerCommand, ledger: Ledger): readonly LedgerEvent[] => {
  const known = ledger.orders.get(command.orderId);
  switch (command.type) {
    case 'credit':
      return known === undefined ? [earn(command.orderId, command.points, ledger.balance)] : [];
    case 'take-back': {
      const { orderId, sequence, earned } = command;
      if (known !== undefined && known.refundSequence >= sequence) return [];
      const credited = known === undefined ? [earn(orderId, earned, ledger.balance)] : [];
      const before = known?.kept ?? earned;
      const kept = Math.min(before, command.kept);
      const balance = (credited.at(-1)?.balance ?? ledger.balance) - (before - kept);
      return [...credited, { type: 'taken-back', orderId, sequence, points: before - kept, kept, balance }];
    }
  }
};

const earn = (orderId: string, points: number, balance: number): LedgerEvent => ({
  type: 'earned',
  orderId,
  points,
  kept: points,
  balance: balance + points,
});

const evolve = ({ orders }: Ledger, event: LedgerEvent): Ledger => {
  const { orderId, kept, balance } = event;
  const refundSequence = event.type === 'taken-back' ? event.sequence : 0;
  return { balance, orders: new Map(orders).set(orderId, { kept, refundSequence }) };
};

const initial: Ledger = { balance: 0, orders: new Map() };

export const ledgerDecider = { initial, decide, evolve };
