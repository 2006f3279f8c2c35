import { eventFormat } from '@emporium/event-store';
import type { OrderEvent } from '../domain/order.ts';

/** How the events of orders are stored. In releases that stored no causes, only customers placed orders. */
export const orderFormat = eventFormat<OrderEvent>({
  causeOf: (event) => ({
    actor: event.type === 'placed' ? { kind: 'customer', id: event.customerId } : { kind: 'unknown' },
  }),
});
