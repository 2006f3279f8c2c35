import { type Effect, emit, permanent } from '@emporium/bus';
import {
  stockCommitted,
  stockRejected,
  stockReleased,
  stockReserved,
  stockReturned,
} from '@emporium/contracts';
import type { Decision } from '@emporium/store';
import type {
  Rejection,
  ReservationChange,
  ReservationDecision,
  ReservationReply,
} from '../domain/reservation.ts';

/** The reply as an event. Its step id comes from the context of the command. */
export const reply = (
  orderId: string,
  { reply: answer, change }: ReservationDecision,
): Decision<ReservationChange> => ({
  change,
  effects: eventOf(orderId, answer),
});

const eventOf = (orderId: string, answer: ReservationReply): Effect => {
  switch (answer.kind) {
    case 'reserved':
      return emit(stockReserved, { orderId });
    case 'rejected':
      return emit(stockRejected, { orderId, ...contentOf(answer.rejection) });
    case 'released':
      return emit(stockReleased, { orderId });
    case 'committed':
      return emit(stockCommitted, { orderId });
    case 'returned':
      return emit(stockReturned, { orderId, refundId: answer.refundId });
    case 'impossible':
      throw permanent(answer.reason);
  }
};

/** The limit of the contract for one line; the sum of several lines may exceed it. */
const maxRequested = 10_000;

const contentOf = ({ reason, missing }: Rejection) => ({
  reason,
  missing: missing.map(({ requested, ...rest }) => ({
    ...rest,
    requested: Math.min(requested, maxRequested),
  })),
});
