import type { StreamEvent } from '../shared/event-stream.ts';

export interface OrderEntry {
  readonly version: number;
  readonly at: string;
  readonly type: string;
  readonly status: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly actor: { readonly kind: string; readonly name?: string };
}

/** Undefined for what is no event of an order. */
export const entryOf = ({ data }: StreamEvent): OrderEntry | undefined => {
  if (typeof data !== 'object' || data === null || !('version' in data) || !('type' in data))
    return undefined;
  return data as OrderEntry;
};

export type StepState = 'done' | 'running' | 'waiting' | 'refused' | 'compensated' | 'left out';

export interface Step {
  readonly id: string;
  readonly text: string;
  readonly state: StepState;
  readonly at?: string;
  readonly reason?: string;
}

const steps: readonly (readonly [id: string, text: string])[] = [
  ['reserve', 'Stock is reserved'],
  ['authorise', 'Payment is authorised'],
  ['dispatch', 'The parcel is handed to the carrier'],
  ['commit', 'Stock is sold'],
  ['capture', 'Payment is taken'],
];

/** What a customer sees of an order's way: done, running, and what is left. */
export const stepsOf = (entries: readonly OrderEntry[]): readonly Step[] => {
  const status = entries.at(-1)?.status ?? 'placed';
  const isOver = ['cancelled', 'cancelling', 'completed'].includes(status);
  let isRunning = !isOver && status !== 'needs-attention';
  return steps.map(([id, text]) => {
    const recorded = entries
      .filter(({ type, data }) => type === 'step-recorded' && data['step'] === id)
      .at(-1);
    if (recorded !== undefined) {
      const { at, data } = recorded;
      const reason = typeof data['reason'] === 'string' ? { reason: data['reason'] } : {};
      return { id, text, state: stateOf(String(data['outcome'])), at, ...reason };
    }
    const state: StepState = isRunning ? 'running' : isOver ? 'left out' : 'waiting';
    isRunning = false;
    return { id, text, state };
  });
};

const stateOf = (outcome: string): StepState => {
  if (outcome.startsWith('done')) return 'done';
  return outcome.startsWith('undone') ? 'compensated' : 'refused';
};

/** One line of the history, in a customer's words. */
export const describe = ({ type, data }: OrderEntry): string => {
  const reason = typeof data['reason'] === 'string' ? `: ${data['reason']}` : '';
  switch (type) {
    case 'placed':
      return 'You placed the order';
    case 'step-recorded': {
      const text = steps.find(([id]) => id === data['step'])?.[1] ?? String(data['step']);
      const state = stateOf(String(data['outcome']));
      return state === 'done' ? text : `${text} – ${state}${reason}`;
    }
    case 'confirmed':
      return 'The order is confirmed';
    case 'completed':
      return 'The order is completed';
    case 'delivered':
      return 'The parcel was delivered';
    case 'cancellation-begun':
      return `The order is being cancelled${reason}`;
    case 'cancelled':
      return `The order was cancelled${reason}`;
    case 'parked':
      return 'We are looking into it';
    case 'resumed':
      return 'The order goes on';
    default:
      return `${type.replaceAll('-', ' ')}`;
  }
};
