import { shipmentDelivered } from '@emporium/contracts';
import { enqueueMail } from '../enqueue-mail.ts';
import { handle } from '../store/handlers.ts';

export const onShipmentDelivered = handle(shipmentDelivered, async (message) =>
  enqueueMail({ userId: message.data.customerId }, message, {
    template: 'shipment-delivered',
    about: message.data,
  }),
);
