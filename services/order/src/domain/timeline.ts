import type { OrderEvent, StepOutcome } from './order.ts';

/** One line of the timeline that a customer sees. */
export interface TimelineEntry {
  readonly at: string;
  readonly what: string;
  readonly detail?: string;
}

type Texts = Readonly<Record<Exclude<StepOutcome, 'done-by-hand' | 'undone-by-hand'>, string>>;

const steps: Readonly<Record<string, Texts>> = {
  reserve: {
    done: 'stock reserved',
    refused: 'out of stock',
    'timed-out': 'stock not answered in time',
    undone: 'stock released',
  },
  authorise: {
    done: 'payment authorised',
    refused: 'payment declined',
    'timed-out': 'payment not answered in time',
    undone: 'payment voided',
  },
  dispatch: {
    done: 'dispatched',
    refused: 'dispatch failed',
    'timed-out': 'dispatch not answered in time',
    undone: 'dispatch stopped',
  },
  commit: {
    done: 'stock sold',
    refused: 'stock not sold',
    'timed-out': 'stock not answered in time',
    undone: '',
  },
  capture: {
    done: 'payment captured',
    refused: 'capture refused',
    'timed-out': 'capture not answered in time',
    undone: '',
  },
};

const refundSteps: Readonly<Record<string, Partial<Texts>>> = {
  refund: { done: 'payment refunded', refused: 'refund refused' },
  return: { done: 'stock returned' },
};

export const timelineEntry = (event: OrderEvent, at: Date): TimelineEntry => {
  const entry = (what: string, detail?: string): TimelineEntry => ({
    at: at.toISOString(),
    what,
    ...(detail === undefined ? {} : { detail }),
  });
  switch (event.type) {
    case 'step-recorded':
      return entry(textOf(steps[event.step], event), event.reason);
    case 'cancellation-begun':
      return entry('cancelling', event.reason);
    case 'cancelled':
      return entry('cancelled', event.reason);
    case 'parked':
      return entry('needs attention', event.reason);
    case 'refund-requested':
      return entry('refund requested');
    case 'refund-step-recorded':
      return entry(textOf(refundSteps[event.step], event), event.reason);
    case 'refund-parked':
      return entry('refund needs attention', event.reason);
    case 'refund-resumed':
      return entry('refund resumed');
    case 'refund-abandoned':
      return entry('refund abandoned');
    default:
      return entry(event.type);
  }
};

/** What a person did outside of the system reads as what the step would have done. */
const textOf = (
  texts: Partial<Texts> = {},
  { step, outcome }: { readonly step: string; readonly outcome: StepOutcome },
): string => {
  switch (outcome) {
    case 'done-by-hand':
      return `${texts.done ?? `${step} done`} by hand`;
    case 'undone-by-hand':
      return `${texts.undone ?? `${step} undone`} by hand`;
    default:
      return texts[outcome] ?? `${step} ${outcome}`;
  }
};
