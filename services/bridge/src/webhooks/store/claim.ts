import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../store/tables.ts';

/** A delivery that this process attempts. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly webhook_id: string;
  readonly body: Buffer;
  /** Those that were made before. */
  readonly attempts: number;
  readonly claim: string;
  readonly url: string;
  readonly secret: string;
  /** Null when it is no longer used. */
  readonly previous_secret: string | null;
}

export interface ClaimOptions {
  readonly claim: string;
  readonly now: Date;
  /** When others may attempt what this process has not settled. */
  readonly until: Date;
  /** The most attempts of one webhook in this process. One whose last attempt failed gets one at a time. */
  readonly perWebhook: number;
  /** How many attempts this process makes now, by webhook. */
  readonly inProgress: ReadonlyMap<string, number>;
}

/**
 * Claims due deliveries, the oldest of each webhook, until `until`: other instances pass over them. A claim that nobody settles, as after
 * a crash, ends by itself.
 */
export const claimDue = async (
  db: Kysely<Tables>,
  { claim, now, until, perWebhook, inProgress }: ClaimOptions,
): Promise<readonly ClaimedDelivery[]> => {
  const { rows } = await sql<ClaimedDelivery>`
    with due as (
      select delivery.id, webhook.url, webhook.secret,
        case when webhook.previous_secret_until > ${now} then webhook.previous_secret end as previous_secret
      from webhook
      left join unnest(${[...inProgress.keys()]}::uuid[], ${[...inProgress.values()]}::integer[])
        as busy (webhook_id, attempts) on busy.webhook_id = webhook.id
      cross join lateral (
        select id from webhook_delivery
        where webhook_id = webhook.id and status = 'pending' and next_attempt_at <= ${now}
        order by next_attempt_at
        limit greatest(0,
          case when webhook.failing_since is null then ${perWebhook}::integer else 1 end - coalesce(busy.attempts, 0))
        for update skip locked
      ) as delivery
      where webhook.enabled and (webhook.throttled_until is null or webhook.throttled_until <= ${now})
    )
    update webhook_delivery set claim = ${claim}, next_attempt_at = ${until} from due where webhook_delivery.id = due.id
    returning webhook_delivery.id, webhook_id, body, attempts, claim, due.url, due.secret, due.previous_secret`.execute(
    db,
  );
  return rows;
};

/** Gives deliveries back that were not attempted to the end, so that they are due at once. */
export const releaseClaims = async (
  db: Kysely<Tables>,
  claimed: readonly ClaimedDelivery[],
  now: Date,
): Promise<void> => {
  await sql`
    update webhook_delivery set claim = null, next_attempt_at = ${now}
    from unnest(${claimed.map(({ id }) => id)}::uuid[], ${claimed.map(({ claim }) => claim)}::uuid[]) as given (id, claim)
    where webhook_delivery.id = given.id and webhook_delivery.claim = given.claim`.execute(db);
};
