import { userRegistered } from '@emporium/contracts';
import { mailTo } from '../mailing.ts';
import { handle } from '../store/handlers.ts';
import { keepRecipient } from '../store/recipients.ts';

/** For the address book. */
export const rememberCustomer = handle(userRegistered, async ({ data, sequence = 0 }, { tx }) => {
  await keepRecipient(tx, data, sequence);
});

/** The welcome may be due before the address book has heard of the customer: it writes the address there itself. */
export const welcomeCustomer = handle(userRegistered, async (message, { tx }) => {
  await keepRecipient(tx, message.data, message.sequence ?? 0);
  return mailTo({ userId: message.data.userId }, message, { template: 'welcome' });
});
