import type { Tx } from '@emporium/store';
import type { Kysely, Selectable } from 'kysely';
import { type SubscriptionState, untouched } from '../domain/subscription-state.ts';
import type { SubscriptionStateTable, Tables } from './tables.ts';

/** The state of each subscription that was ever paused. */
export const readStates = async (db: Kysely<Tables>): Promise<ReadonlyMap<string, SubscriptionState>> => {
  const rows = await db.selectFrom('subscription_state').selectAll().execute();
  return new Map(rows.map((row) => [row.subscription, stateOf(row)]));
};

export const readState = async (db: Kysely<Tables>, subscription: string): Promise<SubscriptionState> => {
  const row = await db
    .selectFrom('subscription_state')
    .selectAll()
    .where('subscription', '=', subscription)
    .executeTakeFirst();
  return row === undefined ? untouched : stateOf(row);
};

/** The same, locked, so that two requests at the same time decide one after the other. */
export const lockState = async (tx: Tx<Tables>, subscription: string): Promise<SubscriptionState> => {
  const { state, sequence } = untouched;
  await tx
    .insertInto('subscription_state')
    .values({ subscription, state, sequence })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await tx
    .selectFrom('subscription_state')
    .selectAll()
    .where('subscription', '=', subscription)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return stateOf(row);
};

/** Replaces the state of a locked subscription. */
export const saveState = async (
  tx: Tx<Tables>,
  subscription: string,
  { state, sequence, change }: SubscriptionState,
): Promise<void> => {
  await tx
    .updateTable('subscription_state')
    .set({
      state,
      sequence,
      since: change?.since ?? null,
      changed_by: change?.by ?? null,
      reason: change?.reason ?? null,
    })
    .where('subscription', '=', subscription)
    .execute();
};

const stateOf = (row: Selectable<SubscriptionStateTable>): SubscriptionState => {
  const { state, sequence, since, changed_by: by, reason } = row;
  if (since === null || by === null) return { state, sequence };
  return { state, sequence, change: { since, by, reason: reason ?? undefined } };
};
