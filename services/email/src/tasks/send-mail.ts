import {
  orderCancelled,
  orderConfirmed,
  shipmentDelivered,
  shipmentDispatched,
  temperatureAlert,
} from '@emporium/contracts';
import { task } from '@emporium/tasks';
import { z } from 'zod';
import { persistent } from './persistent.ts';

/** What a mail is about. */
const occasion = z.discriminatedUnion('template', [
  z.object({ template: z.literal('welcome') }),
  z.object({ template: z.literal('order-confirmed'), about: orderConfirmed.schema }),
  z.object({ template: z.literal('order-cancelled'), about: orderCancelled.schema }),
  z.object({ template: z.literal('shipment-dispatched'), about: shipmentDispatched.schema }),
  z.object({ template: z.literal('shipment-delivered'), about: shipmentDelivered.schema }),
  z.object({ template: z.literal('temperature-alert'), about: temperatureAlert.schema }),
]);

/** Names and addresses are looked up when it is sent: the queue holds none. */
const addressee = z.union([z.object({ userId: z.string() }), z.literal('operations')]);
export type Addressee = z.output<typeof addressee>;

/** Sends one mail. Its id is that of the event that it tells of. */
export const sendMail = task('email.send', {
  schema: z.object({
    to: addressee,
    /** When what it tells happened. */
    time: z.iso.datetime(),
    occasion,
  }),
  retry: persistent,
  timeoutMs: 45_000,
  concurrency: 10,
  // The table of sent mails knows longer than that what was sent.
  keepMs: 300_000,
});
