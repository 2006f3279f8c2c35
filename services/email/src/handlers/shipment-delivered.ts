import { shipmentDelivered } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';
import { handle } from '../store/handlers.ts';

export const onShipmentDelivered = handle(shipmentDelivered, async (message) =>
  mailTo({ userId: message.data.customerId }, message, {
    template: 'shipment-delivered',
    about: message.data,
  }),
);
