import { messageOf, settlementOf } from '@emporium/bus';
import { currentContext, type Log, newContext, withContext } from '@emporium/service';
import { type Poller, type Store, startPoller } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { findByEmail, lockById } from '../store/accounts.ts';
import type { PasswordLinkRequestTable, Tables } from '../store/tables.ts';
import type { PasswordLinkIssuer } from './issuer.ts';

/**
 * Requests for a link by people who forgot their password. A request is only stored, and handled afterwards: neither its answer
 * nor the time that it takes tells whether the address has an account.
 */
export interface PasswordLinkRequests {
  /** Resolves when the request is committed. */
  add(email: string): Promise<void>;
  /** Handles requests until it is stopped. */
  start(): Poller;
}

export interface PasswordLinkRequestsOptions {
  readonly store: Store<Tables>;
  readonly issuer: PasswordLinkIssuer;
  readonly log: Log;
  readonly clock?: () => Date;
}

/** For requests that another instance has stored and not handled, and for those that could not be handled. */
const pollMs = 5_000;

export const createPasswordLinkRequests = ({
  store,
  issuer,
  log,
  clock = () => new Date(),
}: PasswordLinkRequestsOptions): PasswordLinkRequests => {
  const pollers = new Set<Poller>();

  const handle = (request: PasswordLinkRequestTable): Promise<void> =>
    store.transaction(async ({ tx, effects }) => {
      const { numDeletedRows } = await tx
        .deleteFrom('password_link_request')
        .where('id', '=', request.id)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return; // another instance has handled it
      const found = await findByEmail(tx, request.email);
      const account = found && (await lockById(tx, found.user_id));
      if (account === undefined) return;
      const { user_id: userId } = account;
      if (account.role === 'administrator')
        return log.info(
          { userId },
          'no link to set a password: administrators have that of the configuration',
        );
      const command = await issuer.issue(tx, account, 'reset', clock());
      if (command === undefined)
        log.info({ userId }, 'no link to set a password: the account got several within an hour');
      else effects.push(command);
    });

  /** Passed over until there is no other request, so that one that cannot be handled holds up nobody else's. */
  const failing = new Set<string>();

  const run = async (): Promise<number> => {
    const next = await store.db
      .selectFrom('password_link_request')
      .selectAll()
      .where('id', '<>', sql<string>`all(${[...failing]}::text[])`)
      .orderBy('requested_at')
      .limit(1)
      .executeTakeFirst();
    if (next === undefined) {
      failing.clear();
      return pollMs;
    }
    try {
      await withContext(newContext({ correlationId: next.correlation_id }), () => handle(next));
    } catch (error) {
      if (settlementOf(error) === 'pause') throw error;
      failing.add(next.id);
      log.warn(`a request for a password link waits, others go on: ${messageOf(error)}`);
    }
    return 0;
  };

  return {
    add: async (email) => {
      const { correlationId } = currentContext() ?? newContext();
      await store.db
        .insertInto('password_link_request')
        .values({ id: uuid(), email, correlation_id: correlationId, requested_at: clock() })
        .execute();
      for (const poller of pollers) poller.wake();
    },
    start: () => {
      const poller = startPoller({ name: 'requests for password links', log, run });
      pollers.add(poller);
      return poller;
    },
  };
};
