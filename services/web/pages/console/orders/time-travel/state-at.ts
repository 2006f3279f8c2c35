import type { Order, OrderEvent } from '../order.ts';

/** An order as it was after an event: what its API says, with its steps and whether it was delivered. */
export interface StateAt {
  readonly status: string;
  readonly steps: Readonly<Record<string, string>>;
  readonly delivered: boolean;
  readonly [field: string]: unknown;
}

/** What belongs to the answer and not to the state. */
const hidden = new Set(['orderId', 'timeline', 'correlationId', 'trace']);

export const stateAt = (order: Order, events: readonly OrderEvent[], version: number): StateAt => {
  const past = events.filter((event) => event.version <= version);
  const fields = Object.entries(order).filter(([field]) => !hidden.has(field));
  return {
    ...Object.fromEntries(fields),
    status: order.status,
    steps: Object.fromEntries(past.flatMap(stepOf)),
    delivered: past.some(({ type }) => type === 'delivered'),
  };
};

const stepOf = ({ type, data }: OrderEvent): readonly (readonly [string, string])[] => {
  const { step, outcome, reason } = data;
  if (type !== 'step-recorded' || typeof step !== 'string' || typeof outcome !== 'string') return [];
  return [[step, typeof reason === 'string' ? `${outcome}: ${reason}` : outcome]];
};

/** A version of the address, or the newest one for anything else. */
export const versionOf = (text: string | null, newest: number): number => {
  const version = text !== null && /^\d{1,9}$/.test(text) ? Number(text) : newest;
  return version >= 1 && version <= newest ? version : newest;
};
