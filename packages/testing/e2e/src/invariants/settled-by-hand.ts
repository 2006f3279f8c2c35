import type { OrderView } from '../views.ts';

/** What the customer has paid outside of the system, minus what was paid back there, in minor units. */
export const settledByHandOf = ({ settledByHand }: OrderView): number =>
  settledByHand === undefined ? 0 : settledByHand.paid.amount - settledByHand.refunded.amount;

/** Whether a person has done this outside of the system, as the timeline says it, and no service afterwards. */
export const isSettledByHand = ({ timeline }: OrderView, what: string): boolean =>
  timeline.findLastIndex((entry) => entry.what === `${what} by hand`) >
  timeline.findLastIndex((entry) => entry.what === what);
