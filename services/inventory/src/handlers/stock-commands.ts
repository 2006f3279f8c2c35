import { busErrors, type Effect, emit, handleBatch, isA, type Message, permanent } from '@emporium/bus';
import {
  commitReservation,
  releaseStock,
  reserveStock,
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
} from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { enter, skusOf } from '../domain/book.ts';
import type { Rejection, StockAnswer, StockCommand } from '../domain/reservation.ts';
import { claim, lockStock, save } from '../store/book.ts';
import type { Tables } from '../store/tables.ts';

/** All that wants stock, at hand together: what sells well is locked once for many orders. */
export const onStockCommands = handleBatch(
  [reserveStock, releaseStock, commitReservation],
  async (messages, { tx }: { tx: Tx<Tables> }) => {
    const answers = await carryOut(tx, messages.map(commandOf));
    return messages.map(({ data }, index) => reply(data, answers[index]));
  },
  {
    expired: async (message, { tx }) => {
      // Only a reservation is worthless when it is late, and has a refusal to be answered with.
      if (!isA(message, reserveStock)) throw busErrors.expired({ expiry: message.expiry?.toISOString() });
      const { orderId } = message.data;
      const [answer] = await carryOut(tx, [{ kind: 'expire', orderId }]);
      return reply(message.data, answer);
    },
  },
);

const carryOut = async (
  tx: Tx<Tables>,
  commands: readonly StockCommand[],
): Promise<readonly StockAnswer[]> => {
  const orderIds = commands.map(({ orderId }) => orderId);
  const reservations = await claim(tx, orderIds);
  const stock = await lockStock(tx, skusOf(commands, reservations));
  const { answers, changes } = enter(commands, { reservations, stock });
  await save(tx, changes);
  return answers;
};

type Asking = typeof reserveStock | typeof releaseStock | typeof commitReservation;

const commandOf = (message: Message<Asking>): StockCommand => {
  const { orderId } = message.data;
  if (isA(message, reserveStock)) return { kind: 'reserve', orderId, lines: message.data.lines };
  return { kind: isA(message, releaseStock) ? 'release' : 'commit', orderId };
};

interface Step {
  readonly orderId: string;
  readonly stepId: string;
}

const reply = ({ orderId, stepId }: Step, answer: StockAnswer | undefined): Effect => {
  const step = { orderId, stepId };
  switch (answer?.kind) {
    case 'reserved':
      return emit(stockReserved, step);
    case 'rejected':
      return emit(stockRejected, { ...step, ...contentOf(answer.rejection) });
    case 'released':
      return emit(stockReleased, step);
    case 'committed':
      return emit(stockCommitted, step);
    case 'impossible':
      throw permanent(answer.why);
    case undefined:
      throw new Error(`No answer for ${stepId}`);
  }
};

/** The sum of several lines may be more than the contract lets one line ask for. */
const mostRequested = 10_000;

const contentOf = ({ reason, missing }: Rejection) => ({
  reason,
  missing: missing.map(({ requested, ...rest }) => ({
    ...rest,
    requested: Math.min(requested, mostRequested),
  })),
});
