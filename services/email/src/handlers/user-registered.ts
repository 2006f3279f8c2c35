import { userRegistered } from '@emporium/contracts';
import { enqueueMail } from '../enqueue-mail.ts';
import { handle } from '../store/handlers.ts';
import { saveRecipient } from '../store/recipients.ts';

export const addRecipient = handle(userRegistered, async ({ data, sequence = 0 }, { tx }) => {
  await saveRecipient(tx, data, sequence);
});

/** Saves the recipient too, since the other subscription may receive the event later. */
export const sendWelcome = handle(userRegistered, async (message, { tx }) => {
  await saveRecipient(tx, message.data, message.sequence ?? 0);
  return enqueueMail({ userId: message.data.userId }, message, { template: 'welcome' });
});
