import { type HandlerContext, handle } from '@emporium/bus';
import { userRegistered } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { welcomeMail } from '../domain/welcome.ts';
import { mailing, type Post } from '../mailing.ts';
import { keepRecipient } from '../store/recipients.ts';
import type { Tables } from '../store/tables.ts';

/** For the address book, which waits for no mail server. */
export const rememberCustomer = handle(
  userRegistered,
  async ({ data, sequence = 0 }, { tx }: HandlerContext<Tx<Tables>>) => {
    await keepRecipient(tx, data, sequence);
    return undefined;
  },
);

export const welcomeCustomer = (post: Post) =>
  mailing(userRegistered, post, {
    recipient: async ({ data }) => data,
    write: (_, { name }) => welcomeMail(name),
  });
