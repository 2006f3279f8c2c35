import { handle } from '@emporium/bus';
import { shipmentDispatched } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';

export const onShipmentDispatched = handle(shipmentDispatched, async (message) =>
  mailTo(message, message.data.customerId, { template: 'shipment-dispatched', about: message.data }),
);
