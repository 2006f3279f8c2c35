import { type Kysely, sql } from 'kysely';
import type { Tx } from '../database/transaction.ts';

/** Who paused a subscription, when and why. */
export interface Pause {
  readonly since: Date;
  /** A user id. */
  readonly by: string;
  readonly reason: string;
}

export interface PauseChange {
  readonly subscription: string;
  /** Orders the changes of a subscription: they may arrive in any order. */
  readonly sequence: number;
  /** Undefined when it was resumed. */
  readonly pause: Pause | undefined;
}

/** Stores the change, unless a newer one of the subscription is stored. */
export const recordPauseChange = async <DB>(
  tx: Tx<DB>,
  { subscription, sequence, pause }: PauseChange,
): Promise<void> => {
  await sql`
    insert into subscription_pause as stored (subscription, sequence, paused, since, paused_by, reason)
    values (${subscription}, ${sequence}, ${pause !== undefined}, ${pause?.since}, ${pause?.by}, ${pause?.reason})
    on conflict (subscription) do update set sequence = excluded.sequence, paused = excluded.paused,
      since = excluded.since, paused_by = excluded.paused_by, reason = excluded.reason
    where stored.sequence < excluded.sequence`.execute(tx);
};

/** The pause of each paused subscription, by its name. */
export const readPauses = async <DB>(db: Kysely<DB>): Promise<ReadonlyMap<string, Pause>> => {
  const { rows } = await sql<Pause & { subscription: string }>`
    select subscription, since, paused_by as by, reason from subscription_pause where paused`.execute(db);
  return new Map(rows.map(({ subscription, ...pause }) => [subscription, pause]));
};
