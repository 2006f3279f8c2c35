import { type HandlerContext, handle } from '@emporium/bus';
import { userRegistered } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { mailTo } from '../mailing.ts';
import { keepRecipient } from '../store/recipients.ts';
import type { Tables } from '../store/tables.ts';

/** For the address book. */
export const rememberCustomer = handle(
  userRegistered,
  async ({ data, sequence = 0 }, { tx }: HandlerContext<Tx<Tables>>) => {
    await keepRecipient(tx, data, sequence);
    return undefined;
  },
);

/** The welcome may be due before the address book has heard of the customer: it writes the address there itself. */
export const welcomeCustomer = handle(userRegistered, async (message, { tx }: HandlerContext<Tx<Tables>>) => {
  await keepRecipient(tx, message.data, message.sequence ?? 0);
  return mailTo({ userId: message.data.userId }, message, { template: 'welcome' });
});
