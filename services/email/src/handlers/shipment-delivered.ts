import { handle } from '@emporium/bus';
import { shipmentDelivered } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';

export const onShipmentDelivered = handle(shipmentDelivered, async (message) =>
  mailTo({ userId: message.data.customerId }, message, {
    template: 'shipment-delivered',
    about: message.data,
  }),
);
