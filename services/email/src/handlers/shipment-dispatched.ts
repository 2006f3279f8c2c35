import { shipmentDispatched } from '@emporium/contracts';
import { enqueueMail } from '../enqueue-mail.ts';
import { handle } from '../store/handlers.ts';

export const onShipmentDispatched = handle(shipmentDispatched, async (message) =>
  enqueueMail({ userId: message.data.customerId }, message, {
    template: 'shipment-dispatched',
    about: message.data,
  }),
);
