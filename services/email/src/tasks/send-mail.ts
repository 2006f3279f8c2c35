import {
  orderCancelled,
  orderConfirmed,
  orderRefunded,
  shipmentDelivered,
  shipmentDispatched,
  temperatureAlert,
} from '@emporium/contracts';
import { task } from '@emporium/tasks';
import { z } from 'zod';
import { mailRetryPolicy } from './mail-retry-policy.ts';

/** What a mail is about. */
const occasion = z.discriminatedUnion('template', [
  z.object({ template: z.literal('welcome') }),
  z.object({ template: z.literal('password-changed') }),
  z.object({ template: z.literal('order-confirmed'), about: orderConfirmed.schema }),
  z.object({ template: z.literal('order-cancelled'), about: orderCancelled.schema }),
  z.object({ template: z.literal('order-refunded'), about: orderRefunded.schema }),
  z.object({ template: z.literal('shipment-dispatched'), about: shipmentDispatched.schema }),
  z.object({ template: z.literal('shipment-delivered'), about: shipmentDelivered.schema }),
  z.object({ template: z.literal('temperature-alert'), about: temperatureAlert.schema }),
]);

/** Names and addresses are looked up when the mail is sent, so the queue contains none. */
const addressee = z.union([z.object({ userId: z.string() }), z.literal('operations')]);
export type Addressee = z.output<typeof addressee>;

/** Sends one mail. The id of the task is the id of the event. */
export const sendMail = task('email.send', {
  schema: z.object({
    to: addressee,
    /** When the event happened. */
    time: z.iso.datetime(),
    occasion,
  }),
  retry: mailRetryPolicy,
  timeoutMs: 45_000,
  concurrency: 10,
  // Short, since the `mail` table also prevents duplicates and keeps its rows for longer.
  keepMs: 300_000,
});
