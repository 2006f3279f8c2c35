import { type SendEffect, send } from '@emporium/bus';
import { sendPasswordLink } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import type { Account } from '../store/accounts.ts';
import { countLinksSince, replaceLinks } from '../store/password-links.ts';
import type { Tables } from '../store/tables.ts';
import { newToken, tokenHashOf } from './token.ts';

/** How long a link can be used, and the time in which an account gets at most `maxLinks`. */
const hourMs = 60 * 60 * 1_000;
const maxLinks = 3;

type Purpose = Parameters<typeof send<typeof sendPasswordLink>>[1]['purpose'];

/** Issues links with which the owner of an address sets a password. */
export interface PasswordLinkIssuer {
  /**
   * Replaces the links of this account, which the caller has locked or inserted, with a new one, and returns the command that sends
   * it. Undefined, without a change, when the account got several within the last hour.
   */
  issue(
    tx: Tx<Tables>,
    account: Pick<Account, 'user_id' | 'email'>,
    purpose: Purpose,
    now: Date,
  ): Promise<SendEffect<typeof sendPasswordLink> | undefined>;
}

/** `shopUrl` is what people enter to reach the gateway. */
export const createPasswordLinkIssuer = (shopUrl: string): PasswordLinkIssuer => ({
  issue: async (tx, { user_id: userId, email }, purpose, now) => {
    if ((await countLinksSince(tx, userId, new Date(now.getTime() - hourMs))) >= maxLinks) return undefined;
    const token = newToken();
    const expiresAt = new Date(now.getTime() + hourMs);
    await replaceLinks(tx, {
      token_hash: tokenHashOf(token),
      user_id: userId,
      created_at: now,
      expires_at: expiresAt,
    });
    const data = { userId, email, purpose, url: linkTo(shopUrl, token), expiresAt: expiresAt.toISOString() };
    return send(sendPasswordLink, data, { expiry: expiresAt });
  },
});

/** In the fragment, which browsers send to no server, so that the token is in no log. */
const linkTo = (shopUrl: string, token: string): string =>
  `${shopUrl.replace(/\/+$/, '')}/reset-password#token=${token}`;
