import { type Effect, emit, permanent } from '@emporium/bus';
import { stockCommitted, stockRejected, stockReleased, stockReserved } from '@emporium/contracts';
import type { Decision } from '@emporium/store';
import type { Answer, Rejection, ReservationChange, Settlement } from '../domain/reservation.ts';

/** What the replies carry back of the command. */
export interface Step {
  readonly orderId: string;
  readonly stepId: string;
}

/** The answer as an event. */
export const reply = (step: Step, { answer, change }: Settlement): Decision<ReservationChange> => ({
  change,
  effects: eventOf(step, answer),
});

const eventOf = ({ orderId, stepId }: Step, answer: Answer): Effect => {
  const step = { orderId, stepId };
  switch (answer.kind) {
    case 'reserved':
      return emit(stockReserved, step);
    case 'rejected':
      return emit(stockRejected, { ...step, ...contentOf(answer.rejection) });
    case 'released':
      return emit(stockReleased, step);
    case 'committed':
      return emit(stockCommitted, step);
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
