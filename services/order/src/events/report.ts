import type { StoredCause, StoredEvent } from '@emporium/event-store';
import { type Order, type OrderEvent, orderDecider } from '../domain/order.ts';
import type { OrderStream } from '../store/orders.ts';
import { type StateLine, stateLines, textOf } from './state-lines.ts';

/** How a line is written, by what it is. */
export type Paint = (kind: StateLine['mark'] | 'event' | 'detail', text: string) => string;

const signs: Readonly<Record<StateLine['mark'], string>> = {
  same: ' ',
  added: '+',
  changed: '~',
  removed: '-',
};

/** Each event of an order, and the state after it, in which what the event changed is marked. */
export const reportOf = ({ events }: Pick<OrderStream, 'events'>, paint: Paint): string[] => {
  let order: Order = orderDecider.initial;
  return events.flatMap((stored) => {
    const before = order.status === 'none' ? {} : statusFirst(order);
    order = orderDecider.evolve(order, stored.event);
    const lines = stateLines(before, statusFirst(order));
    return ['', ...eventLines(stored, paint), ...lines.map((line) => stateLine(line, paint))];
  });
};

const statusFirst = ({ status, ...rest }: Order): object => ({ status, ...rest });

const eventLines = ({ version, at, event, cause }: StoredEvent<OrderEvent>, paint: Paint): string[] => {
  const { type, ...data } = event;
  const content = textOf(data);
  return [
    paint('event', `${String(version).padStart(4)}  ${type}`) + (content === '' ? '' : `  ${content}`),
    paint('detail', `      ${at.toISOString()}  ${causeText(cause)}`),
  ];
};

const causeText = ({ actor, correlationId, causationId }: StoredCause): string =>
  [
    `by ${actor.kind}${'id' in actor ? ` ${actor.id}` : ''}${'name' in actor ? ` ${actor.name}` : ''}`,
    ...(causationId === undefined ? [] : [`because of ${causationId}`]),
    ...(correlationId === undefined ? [] : [`correlation ${correlationId}`]),
  ].join(', ');

const stateLine = ({ path, mark, value, before }: StateLine, paint: Paint): string =>
  paint(mark, `    ${signs[mark]} ${path.padEnd(14)} ${before === undefined ? '' : `${before} → `}${value}`);
