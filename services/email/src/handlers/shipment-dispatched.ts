import { shipmentDispatched } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';
import { handle } from '../store/handlers.ts';

export const onShipmentDispatched = handle(shipmentDispatched, async (message) =>
  mailTo({ userId: message.data.customerId }, message, {
    template: 'shipment-dispatched',
    about: message.data,
  }),
);
