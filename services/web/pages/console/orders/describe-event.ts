import type { OrderEvent } from './order.ts';

/** One event in a line, in the words of the saga: `reserve: done`. */
export const describeEvent = ({ type, data }: OrderEvent): string => {
  const text = (field: string): string | undefined => {
    const value = data[field];
    return typeof value === 'string' ? value : undefined;
  };
  const reason = text('reason');
  const because = reason === undefined ? '' : `: ${reason}`;
  const step = text('step');
  switch (type) {
    case 'step-recorded':
      return `${step} ${wordOf(text('outcome'))}${because}`;
    case 'refund-step-recorded':
      return `refund: ${step} ${wordOf(text('outcome'))}${because}`;
    case 'parked':
    case 'refund-parked':
      return `${wordOf(type)} at ${step}${because}`;
    default:
      return `${wordOf(type)}${because}`;
  }
};

const wordOf = (code = ''): string => code.replaceAll('-', ' ');

/** Who did it: a person with the id, or a part of the shop by name. */
export const actorOf = ({ actor: { kind, name, id } }: Pick<OrderEvent, 'actor'>): string =>
  [kind, name ?? id].filter((part) => part !== undefined).join(' ');
