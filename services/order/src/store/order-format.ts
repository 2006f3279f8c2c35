import { eventFormat } from '@emporium/event-store';
import type { OrderEvent } from '../domain/order.ts';

/** How the events of orders are stored. Releases that stored no causes let nobody but customers place orders. */
export const orderFormat = eventFormat<OrderEvent>({
  causeOf: (event) => ({
    actor: event.type === 'placed' ? { kind: 'customer', id: event.customerId } : { kind: 'unknown' },
  }),
});
