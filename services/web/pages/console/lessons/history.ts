import type { OrderEvent } from '../orders/order.ts';
import { ordersSince, type Reader, type SeenOrder } from './reading.ts';

/** The events of an order, the oldest first. */
const eventsOf = async ({ read }: Pick<Reader, 'read'>, orderId: string) =>
  (await read<{ readonly events: readonly OrderEvent[] }>(`/api/orders/${orderId}/history?limit=500`)).events;

/** The event that recorded a step of the order's saga as done. */
export const stepDone = (events: readonly OrderEvent[], step: string): OrderEvent | undefined =>
  events.find(
    ({ type, data }) => type === 'step-recorded' && data['step'] === step && data['outcome'] === 'done',
  );

/** What was found at the newest order since then at which there is something. */
export const atAnOrderSince = async <T>(
  reader: Reader,
  since: Date,
  look: (order: SeenOrder, events: readonly OrderEvent[]) => T | undefined,
): Promise<T | undefined> => {
  for (const order of await ordersSince(reader, since)) {
    const found = look(order, await eventsOf(reader, order.orderId));
    if (found !== undefined) return found;
  }
  return undefined;
};
