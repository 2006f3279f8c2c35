import { handleBatch } from '../store/handlers.ts';
import { payloadOf, webhookEvents } from '../webhooks/events.ts';
import { fanOut } from '../webhooks/store/fan-out.ts';

/** The handlers of all events that webhooks receive: each becomes a delivery for each webhook that wants it. */
export const onWebhookEvents = webhookEvents.map((contract) =>
  handleBatch(contract, async (messages, { tx, now }) => {
    const events = messages.map((message) => ({
      id: message.id,
      type: message.contract.name,
      body: payloadOf(message),
    }));
    await fanOut(tx, events, now);
    return messages.map(() => undefined);
  }),
);
