import { v5 as uuid } from 'uuid';

/** Identifies the delivery of an event to a webhook, in all attempts, also when the event comes again. Has no dot, as the signature requires. */
export const webhookIdOf = (eventId: string, webhookId: string): string => uuid(eventId, webhookId);
