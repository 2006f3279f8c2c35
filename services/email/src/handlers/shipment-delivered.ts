import { handle } from '@emporium/bus';
import { shipmentDelivered } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';

export const onShipmentDelivered = handle(shipmentDelivered, async (message) =>
  mailTo(message, message.data.customerId, { template: 'shipment-delivered', about: message.data }),
);
