import { type Effect, emit, permanent } from '@emporium/bus';
import { stockCommitted, stockRejected, stockReleased, stockReserved } from '@emporium/contracts';
import type { Decision } from '@emporium/store';
import type { Answer, Rejection, ReservationChange, Settlement } from '../domain/reservation.ts';

/** The answer as an event; the step that it belongs to comes from the context. */
export const reply = (orderId: string, { answer, change }: Settlement): Decision<ReservationChange> => ({
  change,
  effects: eventOf(orderId, answer),
});

const eventOf = (orderId: string, answer: Answer): Effect => {
  switch (answer.kind) {
    case 'reserved':
      return emit(stockReserved, { orderId });
    case 'rejected':
      return emit(stockRejected, { orderId, ...contentOf(answer.rejection) });
    case 'released':
      return emit(stockReleased, { orderId });
    case 'committed':
      return emit(stockCommitted, { orderId });
    case 'impossible':
      throw permanent(answer.reason);
  }
};

/** The sum of several lines may be more than the contract lets one line ask for. */
const maxRequested = 10_000;

const contentOf = ({ reason, missing }: Rejection) => ({
  reason,
  missing: missing.map(({ requested, ...rest }) => ({
    ...rest,
    requested: Math.min(requested, maxRequested),
  })),
});
