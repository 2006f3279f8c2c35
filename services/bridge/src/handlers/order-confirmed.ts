import { orderConfirmed } from '@emporium/contracts';
import type { Before } from '@emporium/store';
import { bridgeErrors } from '../errors.ts';
import type { RabbitmqMessage } from '../rabbitmq/publisher.ts';
import { callOutside } from '../store/handlers.ts';
import { noState } from '../store/no-state.ts';
import { warehouseMessage } from '../warehouse/message.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

interface Outgoing {
  readonly warehouse: Warehouse;
  readonly message: RabbitmqMessage;
}

/**
 * Sends confirmed orders to the warehouse: the delivery is acknowledged after the broker of the warehouse has confirmed. Without a
 * warehouse nothing is to be sent.
 */
export const onOrderConfirmed = (warehouse: Warehouse | undefined) =>
  callOutside(orderConfirmed, noState, {
    before: (message): Before<Outgoing, never> => {
      if (warehouse === undefined) return {};
      try {
        return { request: { warehouse, message: warehouseMessage(message) } };
      } catch (cause) {
        throw bridgeErrors.unencodable({ orderId: message.data.orderId, cause });
      }
    },
    call: ({ warehouse: to, message }) => to.send(message),
    after: () => ({}),
  });
